/**
 * Private keys that are made on this host and never leave it: only the CSR does.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path/posix'
import { AppError } from '@evercert/contract/app-error'
import { createCsr, generateKey, loadPrivateKey, toPem, type KeyKind, type PrivateKey } from '@evercert/pki'
import { callService } from './api.ts'
import { loadConfig, type SiteConfig } from './config.ts'
import { observeSites } from './discover/discover.ts'
import { AgentError, type Say } from './language.ts'
import { ensureFolder, isMissing, loadIdentity, removeWhere, writeDurably } from './state.ts'

export const KEY_KINDS = ['p256', 'p384', 'rsa2048', 'rsa3072', 'rsa4096'] as const satisfies readonly KeyKind[]

export interface CsrOptions {
  readonly configPath: string
  readonly site: string
  /** Empty: those of the certificate that the site has. */
  readonly domains: readonly string[]
  readonly key: KeyKind
}

const ANSWER_MS = 30_000
const KEYS = 'keys'
/** No certificate lives longer than that. */
const KEPT_MS = 400 * 86_400_000
/** A service that went wrong must not fill the disk. */
const MAX_KEPT = 4_000
/** RFC 5280, ub-common-name. */
const MAX_COMMON_NAME = 64

/** Makes a key, keeps it, and stores its CSR at the service. @returns id and name of the CSR there */
export async function requestCertificate(options: CsrOptions, say: Say): Promise<{ readonly id: string; readonly name: string }> {
  const config = loadConfig(options.configPath, say)
  const identity = loadIdentity(config.stateFolder, config.server, say)
  const site = Object.hasOwn(config.sites, options.site) ? config.sites[options.site] : undefined
  if (site === undefined) {
    throw new AgentError(
      say(`Making a CSR: the configuration has no site ${options.site}.`, `生成 CSR：配置中没有站点 ${options.site}。`),
    )
  }
  const names = options.domains.length > 0 ? options.domains : (observeSites({ [options.site]: site })[0]?.domains ?? [])
  if (names.length === 0) {
    throw new AgentError(
      say(
        'Making a CSR: the site has no certificate to take the names from: give --domain.',
        '生成 CSR：站点没有可供读取域名的证书，请使用 --domain。',
      ),
    )
  }
  const key = await makeKey(config.stateFolder, options.key)
  const csrPem = await csrOf(key, names)
  const answer = await callService(config, {
    path: '/agents/csrs',
    body: { site: options.site, csrPem },
    credential: identity.credential,
    timeoutMs: ANSWER_MS,
  })
  const { id, name } = answer as { readonly id?: unknown; readonly name?: unknown }
  if (typeof id !== 'string' || typeof name !== 'string') throw new AgentError('the service answered without an id')
  return { id, name }
}

/**
 * Kept before anybody knows of it: a certificate without its key would be of no use.
 *
 * @param announce called before the key is kept: whoever looks for it later finds it, or finds that there is none
 * @throws AppError `deployRefused`
 */
async function makeKey(stateFolder: string, kind: KeyKind, announce: (key: PrivateKey) => void = () => {}): Promise<PrivateKey> {
  const folder = join(stateFolder, KEYS)
  ensureFolder(folder)
  removeWhere(folder, ({ ageMs }) => ageMs > KEPT_MS)
  if (readdirSync(folder).length >= MAX_KEPT) {
    throw new AppError(
      'deployRefused',
      `${folder} holds ${MAX_KEPT} files already: remove keys that no certificate needs. No key was made.`,
    )
  }
  const key = await generateKey(kind)
  announce(key)
  writeDurably(join(folder, `${key.spkiSha256}.pem`), key.pkcs8Pem)
  return key
}

async function csrOf(key: PrivateKey, names: readonly string[]): Promise<string> {
  const commonName = names.find((name) => !name.startsWith('*.') && name.length <= MAX_COMMON_NAME) ?? null
  return toPem(await createCsr({ key, names, commonName }), 'CERTIFICATE REQUEST')
}

export interface CsrOrder {
  /** Of the work: the same work has the same key, however often it is done. */
  readonly workId: string
  readonly domains: readonly string[]
  readonly key: KeyKind
}

/**
 * The CSR of a key that is made for this piece of work, once: after a crash, or when the service asks again, it is the key of before.
 *
 * @throws AppError `deployRefused`, or the error of the file system
 */
export async function makeOrderedCsr(stateFolder: string, { workId, domains, key: kind }: CsrOrder): Promise<string> {
  const note = join(stateFolder, KEYS, `${workId}.made`)
  const found = readKey(join(stateFolder, KEYS, `${readNote(note)}.pem`))
  if (found !== null) return csrOf(found, domains)
  // Noted first: a note without its key is made anew, a key without its note would lie there for good.
  const key = await makeKey(stateFolder, kind, ({ spkiSha256 }) => writeDurably(note, spkiSha256))
  return csrOf(key, domains)
}

function readNote(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isMissing(error)) return ''
    throw error
  }
}

/** The key of a certificate: one that was made for it, or the one that the site has already. */
export function findKey(stateFolder: string, { certificatePath, keyPath }: SiteConfig, spkiSha256: string): string | null {
  for (const path of [join(stateFolder, KEYS, `${spkiSha256}.pem`), keyPath ?? certificatePath]) {
    const pem = readKey(path)
    if (pem !== null && pem.spkiSha256 === spkiSha256) return pem.pkcs8Pem
  }
  return null
}

function readKey(path: string) {
  try {
    return loadPrivateKey(readFileSync(path, 'utf8'))
  } catch {
    return null // missing, or no key: not the one that is looked for
  }
}
