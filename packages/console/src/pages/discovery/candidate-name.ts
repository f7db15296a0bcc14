/**
 * A found site in a sentence.
 *
 * @module
 */
import type { CandidateView } from '@evercert/contract'

export function siteName({ host, port }: Pick<CandidateView, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
