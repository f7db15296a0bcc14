/**
 * From what was given on the command line to the `config` of an adapter: checked against what the service says of its kinds.
 *
 * @module
 */
import type { AdapterView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { Interrupted, wrongUsage } from '../failure.ts'
import { clean } from '../output.ts'
import type { Session } from '../session.ts'
import { readFields, valueAt, withValue, type SettingField } from './fields.ts'
import { readGiven, wrongOption, type Given, type SettingsOptions } from './given.ts'

/** What adapters connect to, as the API names it. */
export type Port = keyof Client['adapters']

export interface SettingsWish {
  readonly port: Port
  readonly kind: string
  readonly options: SettingsOptions
  /** What holds already and is changed; the service keeps its secrets. Without it, all settings are given anew. */
  readonly kept?: Readonly<Record<string, unknown>>
}

/**
 * The settings. What is needed and was not given is asked for at a terminal, secrets without showing them.
 *
 * @throws CliFailure `invalid`; Interrupted on Ctrl-C
 */
export async function readSettings(session: Session, wish: SettingsWish): Promise<Record<string, unknown>> {
  const given = await readGiven(session, wish.options)
  const { configSchema, id } = await findKind(session, wish.port, wish.kind)
  const fields = readFields(configSchema)
  refuseShown(given, fields)
  // A document of settings replaces all of them.
  let settings: Record<string, unknown> = wish.options.config === undefined ? { ...wish.kept } : given.config
  for (const [field, texts] of groupByField([...given.values, ...given.fromFiles], fields, id))
    settings = withValue(settings, field.path, parseValue(field, texts))
  const needed = fields.filter((field) => isMissing(field, settings) && !(field.isSecret && wish.kept !== undefined))
  return needed.length === 0 ? settings : complete(session, settings, needed, id)
}

/** @throws CliFailure `invalid` with the kinds that there are */
export async function findKind(session: Session, port: Port, kind: string): Promise<AdapterView> {
  const { items } = await (await session.client()).adapters[port]()
  const found = items.find(({ id }) => id === kind)
  if (found !== undefined) return found
  const kinds = items.map(({ id }) => id).join(', ')
  throw wrongUsage('invalid', `Reading the kind: there is no kind "${clean(kind)}": take one of ${kinds}.`, {
    cause: { en: `There is no kind "${clean(kind)}".`, zh: `没有类型 “${clean(kind)}”。` },
    remedy: { en: `Take one of ${kinds}.`, zh: `请使用以下之一：${kinds}。` },
  })
}

/** Whoever lists the processes of a machine sees their arguments, and the shell writes them into its history. */
function refuseShown({ config, isConfigPublic, values }: Given, fields: readonly SettingField[]): void {
  const shown = fields.find(
    ({ path, isSecret }) =>
      isSecret && (values.some(([name]) => name === path) || (isConfigPublic && valueAt(config, path) !== undefined)),
  )
  if (shown === undefined) return
  const { path } = shown
  throw wrongUsage('invalid', `Reading the settings: the secret "${path}" stands on the command line: give it by a file.`, {
    cause: {
      en: `The setting "${path}" is a secret; arguments of commands are seen by other users of the machine and stay in the shell's history.`,
      zh: `设置项 “${path}” 是机密；命令行参数会被本机其他用户看到，并留在 shell 历史中。`,
    },
    remedy: {
      en: `Give --set-file ${path}=<file>, or "-" for stdin, or --config @file; or leave it out at a terminal and be asked.`,
      zh: `请使用 --set-file ${path}=<文件>（“-” 为标准输入）或 --config @文件；在终端中也可省略，系统会询问。`,
    },
  })
}

function groupByField(
  pairs: Given['values'],
  fields: readonly SettingField[],
  kind: string,
): ReadonlyMap<SettingField, readonly string[]> {
  const texts = new Map<SettingField, string[]>()
  for (const [name, value] of pairs) {
    const field = fields.find(({ path }) => path === name)
    if (field === undefined) throw unknownSetting(name, fields, kind)
    texts.set(field, [...(texts.get(field) ?? []), value])
  }
  return texts
}

function unknownSetting(name: string, fields: readonly SettingField[], kind: string) {
  const known = fields.map(({ path }) => path).join(', ')
  return wrongOption(
    '--set',
    `${kind} has no setting "${clean(name)}": it has ${known}`,
    `${kind} 没有设置项 “${clean(name)}”，可用：${known}`,
  )
}

function parseValue(field: SettingField, texts: readonly string[]): unknown {
  const [value = ''] = texts
  const { path, type, isNullable } = field
  if (type === 'list') return texts.length === 1 && value.startsWith('[') ? parseList(path, value) : [...texts]
  if (texts.length > 1) throw wrongOption('--set', `${path} is given twice`, `${path} 重复`)
  return isNullable && value === 'null' ? null : parseSingle(field, value)
}

function parseSingle({ path, type, options }: SettingField, value: string): unknown {
  switch (type) {
    case 'number':
      if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value)
      throw wrongOption('--set', `${path} is a number`, `${path} 应为数字`)
    case 'boolean':
      if (value === 'true' || value === 'false') return value === 'true'
      throw wrongOption('--set', `${path} is true or false`, `${path} 应为 true 或 false`)
    case 'choice':
      if (options.includes(value)) return value
      throw wrongOption('--set', `${path} is one of ${options.join(', ')}`, `${path} 应为以下之一：${options.join('、')}`)
    case 'text':
      return value
    case 'list':
    case 'json':
      throw wrongOption('--set', `${path} has no single value: give it by --config`, `${path} 不是单个值，请使用 --config`)
  }
}

function parseList(path: string, value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    throw wrongOption('--set', `${path} is a JSON array, or repeat the option`, `${path} 应为 JSON 数组，或重复该选项`)
  }
}

function isMissing({ path, group, isRequired }: SettingField, settings: Readonly<Record<string, unknown>>): boolean {
  const isApplicable = group === null || valueAt(settings, group) !== undefined
  return isRequired && isApplicable && valueAt(settings, path) === undefined
}

async function complete(
  session: Session,
  settings: Record<string, unknown>,
  needed: readonly SettingField[],
  kind: string,
): Promise<Record<string, unknown>> {
  if (!session.shell.interactive || session.json) throw missing(needed, kind)
  let completed = settings
  for (const field of needed) {
    const message = field.description === '' ? field.path : `${field.path} (${clean(field.description)})`
    const { isCancel, password, text } = await import('@clack/prompts')
    const answer = await (field.isSecret ? password({ message }) : text({ message }))
    if (isCancel(answer)) throw new Interrupted('cancelled')
    completed = withValue(completed, field.path, parseValue(field, [answer]))
  }
  return completed
}

function missing(needed: readonly SettingField[], kind: string) {
  const names = needed.map(({ path }) => path)
  const options = needed.map(({ path, isSecret }) => (isSecret ? `--set-file ${path}=<file>` : `--set ${path}=<value>`))
  return wrongUsage('invalid', `Reading the settings of ${kind}: missing ${names.join(', ')}: give ${options.join(' ')}.`, {
    cause: {
      en: `${kind} needs settings that were not given: ${names.join(', ')}.`,
      zh: `缺少 ${kind} 所需的设置：${names.join('、')}。`,
    },
    remedy: { en: `Give ${options.join(' ')}, or --config @file.`, zh: `请提供 ${options.join(' ')}，或 --config @文件。` },
    facts: { missing: names },
  })
}
