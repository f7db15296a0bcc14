/**
 * OCSP responses that servers staple to their handshakes (RFC 6066 §8): as good as asked for, and at no cost.
 *
 * @module
 */
import { sql } from 'kysely'
import { parsePem } from '@evercert/pki'
import { isIssuedByDer, RevocationError } from '@evercert/pki/revocation'
import type { HostVerification, RevokedFacts, ServedObservation } from '@evercert/pki/probe'
import type { Services } from '../context.ts'
import { readOcsp, type Answer } from './ask.ts'
import { observationsOf } from './note.ts'
import { actOnFindings } from './record.ts'

/**
 * What staples say, kept for those that are asked about. A good one counts where nothing else is asked: a list is a later word than a response that was kept. One that is
 * older than what is believed says nothing.
 *
 * @returns those that are revoked by their own server's word
 */
export async function readStaples(
  services: Services,
  accountId: string,
  results: readonly { readonly verification: HostVerification }[],
): Promise<ReadonlyMap<string, RevokedFacts>> {
  const revoked = new Map<string, RevokedFacts>()
  if (services.probing.revocationIntervalMs === null) return revoked
  const seen = new Set<string>()
  for (const observation of results.flatMap(({ verification }) => observationsOf(verification))) {
    const [{ sha256 }] = observation.chain
    if (observation.ocspResponse === null || seen.has(sha256)) continue
    seen.add(sha256)
    const answer = await read(observation, observation.ocspResponse, services.now())
    if (answer.state === 'good') await keepGood(services, { accountId, sha256 }, answer)
    if (answer.state !== 'revoked') continue
    if (await isOlder(services, { accountId, sha256 }, answer)) continue
    await keepRevoked(services, { accountId, sha256 }, answer)
    revoked.set(sha256, { at: answer.revokedAt, reason: answer.reason, source: 'staple' })
  }
  return revoked
}

async function read({ chain }: ServedObservation, response: Uint8Array, now: number): Promise<Answer> {
  const [leaf, ...above] = chain.flatMap(({ pem }) => parsePem(pem).map(({ der }) => der))
  const issuer = leaf === undefined ? undefined : above.find((one) => isIssuedByDer(leaf, one)) // a server sends what it likes
  if (leaf === undefined || issuer === undefined) return { state: 'unknown', code: 'issuerUnknown', detail: null }
  try {
    return await readOcsp(response, { leaf, issuer, now, source: 'staple' })
  } catch (error) {
    if (error instanceof RevocationError) return { state: 'unknown', code: error.fault, detail: error.message }
    throw error
  }
}

async function keepGood(
  services: Services,
  { accountId, sha256 }: { readonly accountId: string; readonly sha256: string },
  { thisUpdate, nextUpdate }: { readonly thisUpdate: number; readonly nextUpdate: number },
): Promise<void> {
  await sql`update revocation_check set state = 'good', source = 'staple', problem_code = null, problem = null,
      checked_at = ${new Date(services.now())}, this_update = ${new Date(thisUpdate)}, next_update = ${new Date(nextUpdate)}
    where account_id = ${accountId} and sha256 = ${sha256} and state <> 'revoked' and method <> 'crl'
      and (this_update is null or this_update < ${new Date(thisUpdate)})`.execute(services.db)
}

type RevokedAnswer = Extract<Answer, { readonly state: 'revoked' }>

/** Servers keep their staples for days: a certificate that was on hold may be valid again. */
async function isOlder(
  services: Services,
  { accountId, sha256 }: { readonly accountId: string; readonly sha256: string },
  { thisUpdate }: RevokedAnswer,
): Promise<boolean> {
  const { rows } = await sql`select from revocation_check where account_id = ${accountId} and sha256 = ${sha256}
    and state <> 'revoked' and this_update > ${new Date(thisUpdate)}`.execute(services.db)
  return rows.length > 0
}

/** One that was never seen before is noted with this probe, and kept with the next. */
async function keepRevoked(
  services: Services,
  { accountId, sha256 }: { readonly accountId: string; readonly sha256: string },
  { revokedAt, reason, thisUpdate, nextUpdate }: RevokedAnswer,
): Promise<void> {
  const { rows } = await sql<{ account_id: string; sha256: string }>`
    update revocation_check set state = 'revoked', source = 'staple', problem_code = null, problem = null,
      revoked_at = ${new Date(revokedAt)}, reason = ${reason}, checked_at = ${new Date(services.now())},
      this_update = ${new Date(thisUpdate)}, next_update = ${new Date(nextUpdate)}
    where account_id = ${accountId} and sha256 = ${sha256} and state <> 'revoked'
      and (this_update is null or this_update <= ${new Date(thisUpdate)}) returning account_id, sha256`.execute(services.db)
  await actOnFindings(services, rows)
}
