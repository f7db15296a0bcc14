/**
 * Settings as they are given on the command line: one by one, from files, or all together as JSON.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { wrongUsage } from '../failure.ts'
import type { Say } from '../language.ts'
import type { Session } from '../session.ts'
import { isObject } from './fields.ts'

export interface SettingsOptions {
  /** `name=value`. */
  readonly set?: readonly string[]
  /** `name=file`, where `-` is stdin. */
  readonly setFile?: readonly string[]
  /** JSON, `@file`, or `-` for stdin. */
  readonly config?: string
}

export interface Given {
  readonly config: Record<string, unknown>
  /** Whether `config` stood on the command line, where other users of the machine see it. */
  readonly isConfigPublic: boolean
  readonly values: readonly (readonly [name: string, value: string])[]
  readonly fromFiles: readonly (readonly [name: string, value: string])[]
}

export function addSettingsOptions(command: Command, say: Say): Command {
  const collect = (text: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), text]
  return command
    .option('--set <name=value>', say('a setting (see "kinds"); repeat it', '一项设置（见 “kinds”）；可重复'), collect)
    .option(
      '--set-file <name=file>',
      say('a setting from a file, or from stdin with "-": for secrets', '从文件读取一项设置，“-” 为标准输入；用于机密'),
      collect,
    )
    .option('--config <json>', say('settings as JSON, @file, or - for stdin', 'JSON 格式的设置、@文件，或 - 表示标准输入'))
}

export function hasSettings({ set, setFile, config }: SettingsOptions): boolean {
  return set !== undefined || setFile !== undefined || config !== undefined
}

/** Reads the options and the files that they name. @throws CliFailure `invalid` */
export async function readGiven(session: Session, { set = [], setFile = [], config }: SettingsOptions): Promise<Given> {
  const values = set.map((text) => splitPair('--set', text))
  const files = setFile.map((text) => splitPair('--set-file', text))
  if (files.filter(([, file]) => file === '-').length + (config === '-' ? 1 : 0) > 1)
    throw wrongOption('--set-file', 'only one setting can come from stdin', '只能有一项设置来自标准输入')
  const fromFiles: (readonly [string, string])[] = []
  for (const [name, file] of files) fromFiles.push([name, (await readSource(session, '--set-file', file)).replace(/\r?\n$/, '')])
  return {
    config: config === undefined ? {} : parseConfig(await configText(session, config)),
    isConfigPublic: config !== undefined && config !== '-' && !config.startsWith('@'),
    values,
    fromFiles,
  }
}

function splitPair(option: string, text: string): readonly [string, string] {
  const at = text.indexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw wrongOption(option, 'give name=value, such as server=192.0.2.53', '请使用 名称=值，如 server=192.0.2.53')
}

function configText(session: Session, config: string): Promise<string> | string {
  if (config === '-') return readSource(session, '--config', '-')
  return config.startsWith('@') ? readSource(session, '--config', config.slice(1)) : config
}

/** @param file `-` is stdin */
export async function readSource({ shell }: Session, option: string, file: string): Promise<string> {
  if (file === '-') return shell.readInput()
  try {
    return await readFile(file, 'utf8')
  } catch {
    throw wrongOption(option, `the file ${file} cannot be read`, `无法读取文件 ${file}`)
  }
}

function parseConfig(text: string): Record<string, unknown> {
  const parsed = parseJson(text)
  if (isObject(parsed)) return parsed
  throw wrongOption('--config', 'give a JSON object, @file that holds one, or - for stdin', '请提供 JSON 对象、@文件，或 -')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null // its message would repeat the text, which holds secrets
  }
}

/** The value of an option that cannot be used. */
export function wrongOption(option: string, en: string, zh: string) {
  return wrongUsage('invalid', `Reading ${option}: ${en}.`, {
    cause: { en: `The value of ${option} cannot be used.`, zh: `${option} 的值无法使用。` },
    remedy: { en: `For ${option}: ${en}.`, zh: `${option}：${zh}。` },
  })
}
