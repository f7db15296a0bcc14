/**
 * A PKCS#11 token by SoftHSM, in a folder that goes away: taken away, brought back, and made to hang.
 *
 * @module
 */
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
]

/** The library; null: SoftHSM is not installed. */
export const SOFTHSM_MODULE: string | null = MODULES.find((path) => existsSync(path)) ?? null

export const TOKEN_LABEL = 'evercert test'
export const TOKEN_PIN = '493817'
const HOLDER = join(import.meta.dirname, 'softhsm-holder.ts')

export interface SoftHsm {
  readonly modulePath: string
  readonly pinFile: string
  /** Settings of a service whose master key is in the token. */
  readonly environment: Readonly<Record<string, string>>
  /** Puts a key there as an operator does. */
  importKey(key: { readonly label: string; readonly idHex: string }): Promise<void>
  takeAway(): void
  bringBack(): void
  /** No call that touches a key comes back before the release. */
  hang(): Promise<{ release(): Promise<void> }>
  /** How many objects are in the token. */
  countObjects(): number
  remove(): void
}

/** Also tells this process, and those that it starts, where the token is. */
export async function createSoftHsm({ pin = TOKEN_PIN }: { readonly pin?: string } = {}): Promise<SoftHsm> {
  if (SOFTHSM_MODULE === null) throw new Error('SoftHSM is not installed: apt-get install softhsm2')
  const folder = mkdtempSync(join(tmpdir(), 'evercert-hsm-'))
  const tokens = join(folder, 'tokens')
  const away = join(folder, 'away')
  const pinFile = join(folder, 'pin')
  mkdirSync(tokens)
  writeFileSync(
    join(folder, 'softhsm2.conf'),
    `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`,
  )
  writeFileSync(pinFile, `${pin}\n`, { mode: 0o600 })
  process.env['SOFTHSM2_CONF'] = join(folder, 'softhsm2.conf')
  await run('softhsm2-util', ['--init-token', '--free', '--label', TOKEN_LABEL, '--pin', pin, '--so-pin', '90817263'])
  const tokenFolder = (): string => join(tokens, readdirSync(tokens)[0] ?? '')
  return {
    modulePath: SOFTHSM_MODULE,
    pinFile,
    environment: {
      EVERCERT_MASTER_KEY_PKCS11_MODULE: SOFTHSM_MODULE,
      EVERCERT_MASTER_KEY_PKCS11_TOKEN: TOKEN_LABEL,
      EVERCERT_MASTER_KEY_PKCS11_PIN_FILE: pinFile,
    },
    importKey: async ({ label, idHex }) => {
      const file = join(folder, 'key')
      writeFileSync(file, randomBytes(16).toString('hex')) // 32 bytes; softhsm2-util stops at some that are no text
      const of = ['--token', TOKEN_LABEL, '--label', label, '--id', idHex, '--pin', pin]
      await run('softhsm2-util', ['--import', file, '--aes', ...of])
      rmSync(file)
    },
    takeAway: () => renameSync(tokens, away),
    bringBack: () => renameSync(away, tokens),
    hang: async () => {
      // SoftHSM looks into this file, under a lock, before it touches a key: somebody else has the lock.
      const holder = spawn(process.execPath, [HOLDER, join(tokenFolder(), 'generation')], { stdio: ['pipe', 'pipe', 'inherit'] })
      await once(holder.stdout, 'data')
      return {
        release: async () => {
          const ended = once(holder, 'close')
          holder.stdin.end()
          await ended
        },
      }
    },
    countObjects: () => readdirSync(tokenFolder()).filter((name) => /^[0-9a-f-]{36}\.object$/.test(name)).length,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
