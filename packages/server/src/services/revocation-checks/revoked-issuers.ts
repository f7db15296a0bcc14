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
import { planAccountNotice, planNotice } from '../notices/plan.ts'
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

/** Each intermediate, each of its holds, and its end. */
function occasionOf({ sha256, facts: { reason, at } }: RevokedIssuer): string {
  return `${sha256}:${reason === 'certificateHold' ? new Date(at).toISOString() : 'revoked'}`
}

function detailOf({ sha256, subject, facts }: RevokedIssuer): string {
  return `intermediate "${subject}" (SHA-256 ${sha256}): ${saidBy(facts)}`
}

/** A certificate's people are told once of each occasion. */
export async function tellOfRevokedIssuer(services: Services, trx: Trx, sender: Sender, issuer: RevokedIssuer): Promise<void> {
  const { accountId, certificateId } = sender
  const result = await trx
    .insertInto('told_of_issuer')
    .values({
      account_id: accountId,
      certificate_id: certificateId,
      occasion: occasionOf(issuer),
      told_at: new Date(services.now()),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  if (result.numInsertedOrUpdatedRows === 1n) await tellOne(services, trx, sender, issuer)
}

async function tellOne(services: Services, trx: Trx, sender: Sender, issuer: RevokedIssuer): Promise<void> {
  const { certificateId, place } = sender
  await planNotice(services, trx, {
    certificateId,
    kind: 'revokedByCa',
    occasion: `${occasionOf(issuer)}:${certificateId}`,
    detail: detailOf(issuer),
    ...(place !== null && { place }),
    issuer: issuer.subject,
  })
  await recordHistory(trx, historyOf(services, sender, issuer))
}

function historyOf(services: Services, { accountId, certificateId, place }: Sender, issuer: RevokedIssuer) {
  const detail = detailOf(issuer)
  return {
    accountId,
    certificateId,
    subject: 'certificate',
    subjectId: certificateId,
    fromState: null,
    toState: 'intermediateRevoked',
    actor: EVERCERT_ACTOR,
    detail: place === null ? detail : `${place}: ${detail}`,
    now: services.now(),
  } as const
}

/** Written down in one statement. */
const WRITTEN_AT_ONCE = 500
/** Named in a notice; the others are counted. */
const MAX_NAMED = 20

/**
 * The people of each certificate that is held under it are told, whether or not an endpoint serves it: of many at once in one notice, and each in its
 * timeline. Who was told already is not told again, so it may be repeated.
 */
export async function tellHolders(services: Services, accountId: string, sha256: string): Promise<void> {
  const issuer = await findRevokedIssuer(services, accountId, sha256)
  if (issuer === null) return
  await services.db.transaction().execute(async (trx) => {
    const holders = await markHolders(services, trx, accountId, issuer)
    const [only, ...others] = holders.map(({ id, place }) => ({ accountId, certificateId: id, place }))
    if (only === undefined) return
    if (others.length === 0) return tellOne(services, trx, only, issuer)
    const entries = [only, ...others].map((holder) => historyOf(services, holder, issuer))
    for (let from = 0; from < entries.length; from += WRITTEN_AT_ONCE)
      await recordHistory(trx, ...entries.slice(from, from + WRITTEN_AT_ONCE))
    const named = holders.slice(0, MAX_NAMED).map(({ name }) => name)
    const more = holders.length - named.length
    await planAccountNotice(services, trx, {
      accountId,
      certificateId: null,
      kind: 'revokedByCa',
      occasion: `${occasionOf(issuer)}:${only.certificateId}:${holders.length}`,
      subject: issuer.subject,
      detail: `${detailOf(issuer)}: ${named.join(', ')}${more === 0 ? '' : ` +${more}`}`,
      issuer: issuer.subject,
      count: holders.length,
    })
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

/** Current, valid, and not told yet; with an endpoint that was last seen to send both. Told from here on: of two who ask at the same time, one gets each. */
async function markHolders(services: Services, trx: Trx, accountId: string, issuer: RevokedIssuer) {
  const now = new Date(services.now())
  const { rows } = await sql<{ id: string; name: string; place: string | null }>`
    with held as (
      select c.id, c.name, (select e.host || ':' || e.port from endpoint e
          join observation o on o.account_id = e.account_id and o.endpoint_id = e.id and o.sha256 = i.sha256
          where e.account_id = c.account_id and e.certificate_id = c.id and ${issuer.sha256} = any(o.chain_sha256)
          order by e.id limit 1) as place
      from issuance i join certificate c on c.account_id = i.account_id and c.issuance_id = i.id
      where i.account_id = ${accountId} and i.intermediates_sha256 @> array[${issuer.sha256}::text] and i.intermediates_sha256 <> '{}'
        and i.not_after > ${now} and c.revoked_at is null and c.closed_as is null
        and not exists (select from told_of_issuer t
          where t.account_id = c.account_id and t.certificate_id = c.id and t.occasion = ${occasionOf(issuer)})),
    told as (
      insert into told_of_issuer (account_id, certificate_id, occasion, told_at)
      select ${accountId}, id, ${occasionOf(issuer)}, ${now} from held order by id
      on conflict do nothing returning certificate_id)
    select held.id, held.name, held.place from held join told on told.certificate_id = held.id order by held.id`.execute(trx)
  return rows
}
