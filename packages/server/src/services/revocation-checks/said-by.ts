/**
 * By whose word a certificate is revoked, in one line for the timeline.
 *
 * @module
 */
import type { RevokedFacts } from '@evercert/pki/probe'

const SOURCES: Readonly<Record<string, string>> = {
  crl: 'the CRL',
  ocsp: 'the OCSP responder',
  staple: 'the stapled OCSP response',
}

/** Why, since when, says who. */
export function saidBy({ source, url = null, at, reason }: RevokedFacts): string {
  const who = `${SOURCES[source ?? 'crl'] ?? ''} of its CA`
  const where = url === null || source === 'staple' ? '' : ` (${url})`
  return `${reason}, since ${new Date(at).toISOString()}, says ${who}${where}`
}
