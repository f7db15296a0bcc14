/**
 * Sites that serve a certificate under an intermediate that was revoked: which, and who is told. Nothing of the certificate itself is ended by it.
 *
 * @module
 */
import { sql } from 'kysely'
import { parsePem } from '@evercert/pki'
import type { RevokedFacts, ServedObservation } from '@evercert/pki/probe'
import { readableName } from '@evercert/pki/readable-name'
import { recordHistory, type Trx } from '../../db/transition.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { planNotice } from '../notices/plan.ts'
import { intermediatesOf } from './chains.ts'
import { saidBy } from './said-by.ts'

export interface RevokedIssuer {
  readonly sha256: string
  /** For people. */
  readonly subject: string
  readonly facts: RevokedFacts
}

/** The nearest one above what was served that is revoked, and that really signed what is below it; null: none. */
export function revokedAbove({ chain }: ServedObservation, revocations: ReadonlyMap<string, RevokedFacts>): RevokedIssuer | null {
  if (!chain.slice(1).some(({ sha256 }) => revocations.has(sha256))) return null
  for (const { sha256 } of intermediatesOf(chain.flatMap(({ pem }) => parsePem(pem).map(({ der }) => der)))) {
    const facts = revocations.get(sha256)
    const served = chain.find((one) => one.sha256 === sha256)
    if (facts !== undefined && served !== undefined) return { sha256, subject: readableName(served.subject), facts }
  }
  return null
}

/** Endpoints that were last seen to send it are probed next: what they serve by now, and whether it stands under it, a handshake tells. */
export async function probeSenders(services: Services, accountId: string, sha256: string): Promise<void> {
  await sql`with shown as (select e.id from endpoint e where e.account_id = ${accountId} and e.probe_at is not null
      and exists (select from observation o where o.account_id = e.account_id and o.endpoint_id = e.id
        and (${sha256} = any(o.chain_sha256) or o.other -> 'chainSha256' ? ${sha256}))
      order by e.id for update)
    update endpoint e set probe_at = ${new Date(services.now())} from shown where e.id = shown.id`.execute(services.db)
}

export interface Sender {
  readonly accountId: string
  readonly certificateId: string
  /** Host and port. */
  readonly place: string
}

/** A certificate's people are told once of each intermediate, of each of its holds, and of its end. */
export async function tellOfRevokedIssuer(
  services: Services,
  trx: Trx,
  { accountId, certificateId, place }: Sender,
  { sha256, subject, facts }: RevokedIssuer,
): Promise<void> {
  const { reason, at } = facts
  const what = reason === 'certificateHold' ? new Date(at).toISOString() : 'revoked'
  const detail = `intermediate "${subject}" (SHA-256 ${sha256}): ${saidBy(facts)}`
  const occasion = `${sha256}:${what}:${certificateId}`
  const isNew = await planNotice(services, trx, {
    certificateId,
    kind: 'revokedByCa',
    occasion,
    detail,
    place,
    issuer: subject,
  })
  if (!isNew) return
  await recordHistory(trx, {
    accountId,
    certificateId,
    subject: 'certificate',
    subjectId: certificateId,
    fromState: null,
    toState: 'intermediateRevoked',
    actor: EVERCERT_ACTOR,
    detail: `${place}: ${detail}`,
    now: services.now(),
  })
}
