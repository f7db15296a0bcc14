/**
 * The settings of an adapter, as they are given on the command line.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { failure } from './failure.ts'

/** @param text a JSON object, or `@file` to keep secrets out of the process list. @throws CliFailure `invalid` */
export async function readConfig(text: string): Promise<Record<string, unknown>> {
  return parseConfig(await readText(text))
}

async function readText(text: string): Promise<string> {
  if (!text.startsWith('@')) return text
  try {
    return await readFile(text.slice(1), 'utf8')
  } catch {
    throw wrongOption('--config', `the file ${text.slice(1)} cannot be read`, `无法读取文件 ${text.slice(1)}`)
  }
}

function parseConfig(text: string): Record<string, unknown> {
  const parsed = parseJson(text)
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>
  throw wrongOption('--config', 'give a JSON object, or @file', '请提供 JSON 对象，或 @文件')
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
  return failure('invalid', `Reading ${option}: ${en}.`, {
    cause: { en: `The value of ${option} cannot be used.`, zh: `${option} 的值无法使用。` },
    remedy: { en: `For ${option}: ${en}.`, zh: `${option}：${zh}。` },
  })
}
