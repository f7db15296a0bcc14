/**
 * Certificates under an intermediate that was revoked, served or not: which, and who is told. Nothing of the certificate itself is ended by it.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { sql } from 'kysely'
import { parsePem } from '@evercert/pki'
import { nameInOneLine, type RevokedFacts, type ServedObservation } from '@evercert/pki/probe'
import { readableName } from '@evercert/pki/readable-name'
import { toMs } from '../../db/time.ts'
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
  /** Host and port; null: no endpoint is known to send it. */
  readonly place: string | null
}

/** With the certificate's id behind it. */
function occasionOf(sha256: string, { reason, at }: RevokedFacts): string {
  return `${sha256}:${reason === 'certificateHold' ? new Date(at).toISOString() : 'revoked'}:`
}

/** A certificate's people are told once of each intermediate, of each of its holds, and of its end. */
export async function tellOfRevokedIssuer(
  services: Services,
  trx: Trx,
  { accountId, certificateId, place }: Sender,
  { sha256, subject, facts }: RevokedIssuer,
): Promise<void> {
  const detail = `intermediate "${subject}" (SHA-256 ${sha256}): ${saidBy(facts)}`
  const occasion = `${occasionOf(sha256, facts)}${certificateId}`
  const isNew = await planNotice(services, trx, {
    certificateId,
    kind: 'revokedByCa',
    occasion,
    detail,
    ...(place !== null && { place }),
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
    detail: place === null ? detail : `${place}: ${detail}`,
    now: services.now(),
  })
}

/** Told of in one transaction. */
const TOLD_AT_ONCE = 100

/**
 * The people of each certificate that is held under it are told, whether or not an endpoint serves it. Who was told already is not told again, so it may
 * be repeated.
 */
export async function tellHolders(services: Services, accountId: string, sha256: string): Promise<void> {
  const issuer = await findRevokedIssuer(services, accountId, sha256)
  if (issuer === null) return
  for (let told = TOLD_AT_ONCE; told === TOLD_AT_ONCE;)
    told = await services.db.transaction().execute(async (trx) => {
      const holders = await untoldHolders(services, trx, accountId, issuer)
      for (const { id, place } of holders)
        await tellOfRevokedIssuer(services, trx, { accountId, certificateId: id, place }, issuer)
      return holders.length
    })
}

/** Of all that are known to be revoked: there are hardly any. */
export async function tellHoldersOfAll(services: Services, signal: AbortSignal): Promise<void> {
  const rows = await services.db
    .selectFrom('revocation_check')
    .select(['account_id', 'sha256'])
    .where('state', '=', 'revoked')
    .where('is_issuer', '=', true)
    .execute()
  for (const row of rows) {
    if (signal.aborted) return
    await tellHolders(services, row.account_id, row.sha256)
  }
}

async function findRevokedIssuer({ db }: Services, accountId: string, sha256: string): Promise<RevokedIssuer | null> {
  const row = await db
    .selectFrom('revocation_check')
    .select(['leaf_der', 'revoked_at', 'reason', 'source', 'url'])
    .where('account_id', '=', accountId)
    .where('sha256', '=', sha256)
    .where('state', '=', 'revoked')
    .executeTakeFirst()
  if (row === undefined) return null
  const { leaf_der: der, revoked_at: at, reason, source, url } = row
  const subject = readableName(nameInOneLine(new X509Certificate(der).subject))
  return { sha256, subject, facts: { at: toMs(at) ?? 0, reason: reason ?? 'unspecified', source, url } }
}

/** Current, valid, and not told yet; with an endpoint that was last seen to send both. */
async function untoldHolders(services: Services, trx: Trx, accountId: string, { sha256, facts }: RevokedIssuer) {
  const { rows } = await sql<{ id: string; place: string | null }>`
    select c.id, (select e.host || ':' || e.port from endpoint e
        join observation o on o.account_id = e.account_id and o.endpoint_id = e.id and o.sha256 = i.sha256
        where e.account_id = c.account_id and e.certificate_id = c.id and ${sha256} = any(o.chain_sha256) order by e.id limit 1) as place
    from issuance i join certificate c on c.account_id = i.account_id and c.issuance_id = i.id
    where i.account_id = ${accountId} and i.intermediates_sha256 @> array[${sha256}::text] and i.intermediates_sha256 <> '{}'
      and i.not_after > ${new Date(services.now())} and c.revoked_at is null and c.closed_as is null
      and not exists (select from notice n where n.certificate_id = c.id and n.kind = 'revokedByCa'
        and n.occasion = ${occasionOf(sha256, facts)} || c.id)
    order by c.id limit ${TOLD_AT_ONCE}`.execute(trx)
  return rows
}
