/**
 * The names of the files in an archive, and what each holds.
 *
 * @module
 */
import type { DownloadFormat } from '@evercert/contract'
import type { DownloadWish } from './decide-download.ts'

export type FileContent = 'fullChain' | 'leaf' | 'intermediates' | 'root' | 'key' | 'keystore' | 'password'

export type PlannedFile = { readonly name: string; readonly content: FileContent }

export const NOTE_NAME = 'README.txt'
const LONGEST = 64
/** Names of devices on Windows, which no file may have, with whatever extension. */
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i

/** Files with the private key, or with what opens it. */
export function isSecret(content: FileContent): boolean {
  return content === 'key' || content === 'keystore' || content === 'password'
}

/**
 * Letters, digits, `.`, `-` and `_` only, so that it means one file in every shell, configuration and file system. `*` becomes `_`. What
 * has nothing of that is called by the first of the others that has.
 *
 * @param others tried in order; the last is an identifier, which is safe as it is
 */
export function safeBaseName(name: string, ...others: readonly string[]): string {
  for (const candidate of [name, ...others]) {
    const safe = candidate
      .replaceAll('*', '_')
      .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
      .slice(0, LONGEST)
      .replaceAll(/^[.-]+|[.-]+$/g, '')
    if (/[A-Za-z0-9]/.test(safe)) return safe.replace(WINDOWS_DEVICE, '_$1')
  }
  return 'certificate'
}

export function archiveName(baseName: string, format: DownloadFormat): string {
  return `${baseName}_${format}.zip`
}

/** Without the note. A chain of a leaf alone has no file of intermediates: an empty one stops Apache. */
export function planFiles(baseName: string, wish: DownloadWish, hasIntermediates: boolean): readonly PlannedFile[] {
  const { format, withKey } = wish
  const file = (suffix: string, content: FileContent): PlannedFile => ({ name: `${baseName}${suffix}`, content })
  const key = withKey ? [file('.key', 'key')] : []
  const intermediates = (suffix: string) => (hasIntermediates ? [file(suffix, 'intermediates')] : [])
  switch (format) {
    case 'nginx':
      return [file('.pem', 'fullChain'), ...key]
    case 'apache':
      return [file('_public.crt', 'leaf'), ...intermediates('_chain.crt'), ...key]
    case 'tomcat':
    case 'iis':
      return [file('.pfx', 'keystore'), { name: 'pfx-password.txt', content: 'password' }]
    case 'jks':
      return [file('.jks', 'keystore'), { name: 'jks-password.txt', content: 'password' }]
    case 'other':
      return [file('.pem', 'leaf'), ...intermediates('_chain.pem'), file('_fullchain.pem', 'fullChain'), ...key]
    case 'root':
      return [file('_root.crt', 'root')]
  }
}
