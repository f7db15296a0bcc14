/**
 * What `evercert login` keeps: an API token for each service, in one file of mode 0600 in the folder of the user's settings.
 *
 * @module
 */
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { failure } from './failure.ts'

interface Kept {
  readonly services: Readonly<Record<string, { readonly token: string }>>
}

function isKept(value: unknown): value is Kept {
  if (typeof value !== 'object' || value === null || !('services' in value)) return false
  const { services } = value
  return (
    typeof services === 'object' &&
    services !== null &&
    Object.values(services).every(
      (each: unknown) => typeof each === 'object' && each !== null && 'token' in each && typeof each.token === 'string',
    )
  )
}

/** `$XDG_CONFIG_HOME/evercert/credentials.json`, by default below `~/.config`. */
export function credentialsFile(env: NodeJS.ProcessEnv, home: string = homedir()): string {
  const xdg = env['XDG_CONFIG_HOME']
  return join(xdg !== undefined && xdg !== '' ? xdg : join(home, '.config'), 'evercert', 'credentials.json')
}

/** Null: not signed in to this service. @throws CliFailure `invalid` for a file that is none of ours */
export async function readCredential(env: NodeJS.ProcessEnv, url: string): Promise<string | null> {
  return (await load(credentialsFile(env))).services[nameOf(url)]?.token ?? null
}

/** @param token null: forgets it. @throws CliFailure `invalid`; what the file system says */
export async function keepCredential(env: NodeJS.ProcessEnv, url: string, token: string | null): Promise<string> {
  const file = credentialsFile(env)
  const { services } = await load(file)
  const { [nameOf(url)]: _, ...others } = services
  const content: Kept = { services: token === null ? others : { ...others, [nameOf(url)]: { token } } }
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const fresh = `${file}.${process.pid}`
  await writeFile(fresh, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  await chmod(fresh, 0o600) // one of that name may have been left behind
  await rename(fresh, file)
  return file
}

function nameOf(url: string): string {
  return new URL(url).href.replace(/\/$/, '')
}

async function load(file: string): Promise<Kept> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { services: {} }
    throw error
  }
  const content = parse(text)
  if (isKept(content)) return content
  throw failure('invalid', {
    en: `Reading ${file}: it is not what "evercert login" writes: remove it and sign in again.`,
    zh: `读取 ${file}：不是 “evercert login” 写入的内容，请删除后重新登录。`,
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
