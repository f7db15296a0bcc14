/**
 * Which service the command talks to, and with which token.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { readCredential } from './credentials.ts'
import { failure, wrongUsage } from './failure.ts'

export const DEFAULT_URL = 'http://127.0.0.1:8470'

export interface ProfileOptions {
  readonly url?: string | undefined
  readonly tokenFile?: string | undefined
}

export interface Profile {
  readonly url: string
  readonly token: string
}

/** Where the service keeps its data, by the same rule as the service. */
export function defaultDataDir(env: NodeJS.ProcessEnv, home: string = homedir()): string {
  const chosen = env['EVERCERT_DATA_DIR']
  if (chosen !== undefined && chosen !== '') return resolve(chosen)
  const xdg = env['XDG_DATA_HOME']
  return join(xdg !== undefined && xdg !== '' ? xdg : join(home, '.local', 'share'), 'evercert')
}

/**
 * The service: `--url`, `EVERCERT_URL`, what a service on this machine wrote into its data folder, the default.
 * The token: `EVERCERT_TOKEN`, `--token-file`, `EVERCERT_TOKEN_FILE`, that of `evercert login` for this service, the operator's token in the
 * data folder.
 *
 * @throws CliFailure `invalid` for a URL that is none, `unauthenticated` when there is no token
 */
export async function loadProfile(options: ProfileOptions, env: NodeJS.ProcessEnv): Promise<Profile> {
  const url = await findServiceUrl(options, env)
  return { url, token: await loadToken(options, env, url) }
}

/** @throws CliFailure `invalid` for a URL that is none */
export async function findServiceUrl(options: ProfileOptions, env: NodeJS.ProcessEnv): Promise<string> {
  const dataDir = defaultDataDir(env)
  const url = options.url ?? notEmpty(env['EVERCERT_URL']) ?? (await readServiceUrl(dataDir)) ?? DEFAULT_URL
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw wrongUsage('invalid', {
      en: `Reading the service's address: "${url}" is not an http(s) URL: give one such as ${DEFAULT_URL}.`,
      zh: `读取服务地址：“${url}” 不是 http(s) 网址，请填写如 ${DEFAULT_URL}。`,
    })
  }
  return url
}

async function loadToken(options: ProfileOptions, env: NodeJS.ProcessEnv, url: string): Promise<string> {
  const chosenFile = options.tokenFile ?? notEmpty(env['EVERCERT_TOKEN_FILE'])
  const direct = options.tokenFile === undefined ? notEmpty(env['EVERCERT_TOKEN']) : undefined
  const file = chosenFile ?? join(defaultDataDir(env), 'operator.token')
  const ofLogin = direct === undefined && chosenFile === undefined ? await readCredential(env, url) : null
  const token = direct ?? ofLogin ?? (await readToken(file, chosenFile !== undefined))
  // A line break or worse in a header would be refused by fetch with a text that shows the token.
  if (/^[\x21-\x7E]+$/.test(token)) return token
  const where = direct === undefined ? file : 'EVERCERT_TOKEN'
  const detail = {
    en: `Reading the API token: it is empty or has characters that no token has: look at ${where}.`,
    zh: '读取 API 令牌：内容为空，或含有令牌中不会出现的字符。',
  }
  const texts = {
    cause: { en: `${where} holds no API token.`, zh: `${where} 中没有 API 令牌。` },
    remedy: { en: 'Give one that the console or "evercert login" made.', zh: '请使用控制台或“evercert login”生成的令牌。' },
  }
  const isGiven = direct !== undefined || chosenFile !== undefined
  throw isGiven ? wrongUsage('unauthenticated', detail, texts) : failure('unauthenticated', detail, texts)
}

/** @param isGiven somebody named the file; otherwise there was perhaps never a service here */
async function readToken(file: string, isGiven: boolean): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (error) {
    if (isGiven)
      throw wrongUsage('unauthenticated', `Reading the API token: ${file} cannot be read (${systemCode(error)}).`, {
        cause: { en: `${file} cannot be read (${systemCode(error)}).`, zh: `无法读取 ${file}（${systemCode(error)}）。` },
        remedy: {
          en: 'Look at --token-file and EVERCERT_TOKEN_FILE, and at the permissions of the file.',
          zh: '请检查 --token-file、EVERCERT_TOKEN_FILE 以及文件权限。',
        },
      })
    throw failure('unauthenticated', `Reading the API token: ${file} cannot be read (${systemCode(error)}).`, {
      cause: {
        en: 'No API token was given, and there is none in the data folder of a service on this machine.',
        zh: '未提供 API 令牌，本机服务的数据目录中也没有。',
      },
      remedy: {
        en: 'Run "evercert login", or set EVERCERT_TOKEN or --token-file; or, on the machine of the service, set EVERCERT_DATA_DIR to its data folder. "evercert serve" makes the file when it starts for the first time.',
        zh: '请运行“evercert login”，或设置 EVERCERT_TOKEN 或 --token-file；在服务所在机器上，也可将 EVERCERT_DATA_DIR 设为其数据目录。首次运行 “evercert serve” 时会生成该文件。',
      },
    })
  }
}

async function readServiceUrl(dataDir: string): Promise<string | undefined> {
  try {
    const raw: unknown = JSON.parse(await readFile(join(dataDir, 'service.json'), 'utf8'))
    return raw !== null && typeof raw === 'object' && 'url' in raw && typeof raw.url === 'string' ? raw.url : undefined
  } catch {
    return undefined // no service ran here: the default is tried
  }
}

function notEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
}
