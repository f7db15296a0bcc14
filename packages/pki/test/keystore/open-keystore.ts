/** Keystores as the tools of their readers see them: `openssl` and the JDK's `keytool`. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { loadPrivateKey, parseChain } from '../../src/index.ts'

const execute = promisify(execFile)
/** The compiler takes longer than what it would compile. */
const QUICK_JAVA = ['-J-XX:TieredStopAtLevel=1', '-J-XX:+UseSerialGC']

export interface Opened {
  /** Public key of the private key that was in it. */
  readonly spkiSha256: string
  /** SHA-256 of each certificate, in the order of the file. */
  readonly chain: readonly string[]
}

/** A folder for the test that runs, with these files. */
export function aFolder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-keystore-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  return folder
}

/** @throws Error with what openssl wrote */
export async function openWithOpenssl(pfx: Uint8Array, password: string): Promise<Opened> {
  const folder = aFolder({ 'store.pfx': pfx, password })
  const args = ['pkcs12', '-in', join(folder, 'store.pfx'), '-passin', `file:${join(folder, 'password')}`]
  const [key, certificates] = await Promise.all([
    execute('openssl', [...args, '-nocerts', '-nodes']),
    execute('openssl', [...args, '-nokeys']),
  ])
  return { spkiSha256: loadPrivateKey(key.stdout).spkiSha256, chain: parseChain(certificates.stdout).map(({ sha256 }) => sha256) }
}

/** What openssl says of the algorithms of the file. */
export async function describeWithOpenssl(pfx: Uint8Array, password: string): Promise<string> {
  const folder = aFolder({ 'store.pfx': pfx, password })
  const args = ['pkcs12', '-in', join(folder, 'store.pfx'), '-info', '-noout', '-passin', `file:${join(folder, 'password')}`]
  return (await execute('openssl', args)).stderr
}

/** The JDK opens it with the password, its key included, and writes it anew. @throws Error with what keytool wrote */
export async function openWithKeytool(store: Uint8Array, storetype: 'JKS' | 'PKCS12', password: string): Promise<Opened> {
  const folder = aFolder({ store, password })
  const [from, to] = [join(folder, 'store'), join(folder, 'copy.p12')]
  await keytool(
    ['-importkeystore', '-srckeystore', from, '-srcstoretype', storetype, '-srcstorepass:file', join(folder, 'password')],
    ['-destkeystore', to, '-deststoretype', 'PKCS12', '-deststorepass', 'changeit', '-noprompt'],
  )
  const args = ['pkcs12', '-in', to, '-passin', 'pass:changeit']
  const key = await execute('openssl', [...args, '-nocerts', '-nodes'])
  const list = await listWithKeytool(store, storetype, password)
  const chain = [...list.matchAll(/SHA256: ([0-9A-F:]+)/g)].map(([, print = '']) => print.replaceAll(':', '').toLowerCase())
  return { spkiSha256: loadPrivateKey(key.stdout).spkiSha256, chain }
}

/** @throws Error with what keytool wrote */
export async function listWithKeytool(store: Uint8Array, storetype: 'JKS' | 'PKCS12', password: string): Promise<string> {
  const folder = aFolder({ store, password })
  return keytool(
    ['-list', '-v', '-keystore', join(folder, 'store'), '-storetype', storetype],
    ['-storepass:file', join(folder, 'password')],
  )
}

async function keytool(...args: readonly (readonly string[])[]): Promise<string> {
  const { stdout } = await execute('keytool', [...args.flat(), ...QUICK_JAVA], {
    env: { ...process.env, LC_ALL: 'C.UTF-8', TZ: 'UTC' },
  })
  return stdout
}
