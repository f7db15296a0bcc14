/**
 * The demo's web site: a server process of its own, as an administrator would run it.
 *
 * @module
 */
import { join } from 'node:path'

export interface SiteOptions {
  readonly name: string
  /** Loopback addresses to listen on. */
  readonly addresses: readonly string[]
  readonly httpPort: number
  readonly httpsPort: number
  /** Where the service answers for validation files: `http://127.0.0.1:port`. */
  readonly validationUrl: string
  /** The site's own folder, which exists. */
  readonly folder: string
}

export interface Site {
  /** For people: what serves. */
  readonly title: string
  readonly pid: number
  readonly certificatePath: string
  readonly keyPath: string
  /** What an administrator gives a target: check the configuration, and read the certificate again. */
  readonly testCommand: readonly string[]
  readonly reloadCommand: readonly string[]
  /** Adds the HTTPS virtual host, which takes effect with the reload after the first deployment. */
  enableHttps(): Promise<void>
  recentLines(): readonly string[]
  stop(): Promise<void>
}

/** The two paths of validation files: the built-in CA's own, and ACME's (RFC 8555 §8.3). */
export const VALIDATION_PATHS = ['/.well-known/pki-validation/', '/.well-known/acme-challenge/'] as const

export function pairPaths(folder: string): Pick<Site, 'certificatePath' | 'keyPath'> {
  return { certificatePath: join(folder, 'site.pem'), keyPath: join(folder, 'site.key') }
}
