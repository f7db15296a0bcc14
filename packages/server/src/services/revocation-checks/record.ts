/**
 * Records what CAs answered, and what follows when they say revoked: the certificate ends, its sites say so, people are told.
 *
 * @module
 */
import { sql } from 'kysely'
import type { RevocationReasonName } from '@evercert/pki/revocation'
import { findCertificate, type CertificateRecord } from '../../db/certificates.ts'
import { recordHistory, transition, type HistoryFacts, type Trx } from '../../db/transition.ts'
import { AppError } from '../../domain/errors.ts'
import { MINUTE_MS } from '../../domain/time.ts'
import { decideFinding, LOOK_AGAIN_MS } from '../../domain/revocation/decide-check.ts'
import { loadWork, type Work } from '../advance/facts.ts'
import { endAsRevoked } from '../advance/revoked.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { lockCertificate } from '../ending-facts.ts'
import { planNotice } from '../notices/plan.ts'
import type { Answer } from './ask.ts'
import { probeSenders, tellHolders } from './revoked-issuers.ts'
import { saidBy } from './said-by.ts'
import { lockSites, markSites } from './sites.ts'

export interface Answered {
  readonly check: Key
  /** DER; kept, so that it is fetched once. Null: nobody knows it. */
  readonly issuer: Uint8Array | null
  readonly answer: Answer
  /** Epoch milliseconds. */
  readonly nextAt: number
  /** What is asked next. */
  readonly url: string
}

/**
 * All answers of one place. One that failed, or that is older than what is believed, leaves an earlier one as long as that holds. A
 * revocation is final, but for a hold.
 */
export async function recordAnswers(services: Services, answered: readonly Answered[]): Promise<void> {
  const now = services.now()
  const rows = answered.map((one) => toRow(one, now))
  const mine = sql`select account_id, sha256 from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as s (account_id text, sha256 text)`
  const found = await services.db.transaction().execute(async (trx) => {
    // In the order in which strangers are noted.
    await sql`select 1 from revocation_check where (account_id, sha256) in (${mine}) order by account_id, sha256 for update`.execute(
      trx,
    )
    return updateRows(trx, JSON.stringify(rows), now)
  })
  await actOnFindings(services, found)
}

interface Key {
  readonly account_id: string
  readonly sha256: string
}

/** @returns those that are revoked and not done with, whoever said so first: what they waited for may be over */
async function updateRows(trx: Trx, rows: string, now: number): Promise<readonly Key[]> {
  const updated = await sql<Key & { readonly is_open: boolean }>`update revocation_check r set
      issuer_der = coalesce(r.issuer_der, decode(s.issuer, 'base64')),
      url = s.url, next_at = s.next_at, problem_code = s.problem_code, problem = s.problem,
      failures = case when s.state = 'unknown' then r.failures + 1 else 0 end,
      state = case when s.is_news then s.state when r.state = 'good' and r.next_update <= ${new Date(now)} then 'unknown' else r.state end,
      source = case when s.is_news then s.source else r.source end,
      checked_at = case when s.is_news then s.checked_at else r.checked_at end,
      this_update = case when s.is_news then s.this_update else r.this_update end,
      next_update = case when s.is_news then s.next_update else r.next_update end,
      revoked_at = case when s.is_news then s.revoked_at else r.revoked_at end,
      reason = case when s.is_news then s.reason else r.reason end,
      told_at = case when s.is_news and (s.state = 'good' or (r.reason = 'certificateHold' and s.reason <> 'certificateHold'))
        then null else r.told_at end
    from (select s.*, s.state <> 'unknown' and (b.this_update is null or b.this_update <= s.this_update)
        and (not ${IS_FINAL} or (s.state = 'revoked' and s.reason <> 'certificateHold')) as is_news
      from jsonb_to_recordset(${rows}::jsonb) as s (account_id text, sha256 text, issuer text, url text, next_at timestamptz,
        problem_code text, problem text, state text, source text, checked_at timestamptz, this_update timestamptz,
        next_update timestamptz, revoked_at timestamptz, reason text)
      join revocation_check b on b.account_id = s.account_id and b.sha256 = s.sha256) as s
    where r.account_id = s.account_id and r.sha256 = s.sha256
    returning r.account_id, r.sha256, r.state = 'revoked' and r.acted_at is null as is_open`.execute(trx)
  return updated.rows.filter((row) => row.is_open)
}

/** On hold it may be valid again (RFC 5280 §5.3.1). */
const IS_FINAL = sql`(b.state = 'revoked' and b.reason is distinct from 'certificateHold')`

const MAX_DETAIL = 500

function toRow({ check, issuer, answer, nextAt, url }: Answered, now: number) {
  const common = {
    account_id: check.account_id,
    sha256: check.sha256,
    issuer: issuer === null ? null : Buffer.from(issuer).toString('base64'),
    url,
    next_at: new Date(nextAt),
    state: answer.state,
  }
  if (answer.state === 'unknown')
    return { ...common, problem_code: answer.code, problem: answer.detail?.slice(0, MAX_DETAIL) ?? null }
  const revoked = answer.state === 'revoked' ? { revoked_at: new Date(answer.revokedAt), reason: answer.reason } : {}
  return {
    ...common,
    ...revoked,
    problem_code: null,
    source: answer.source,
    checked_at: new Date(now),
    this_update: new Date(answer.thisUpdate),
    next_update: new Date(answer.nextUpdate),
  }
}

/** Each in a transaction of its own: one that fails is tried again in a minute. */
export async function actOnFindings(services: Services, found: readonly Key[]): Promise<void> {
  for (const { account_id: accountId, sha256 } of found) {
    try {
      await actOnFinding(services, accountId, sha256)
    } catch (error) {
      services.log.error({ event: 'revocation.notRecorded', sha256, error })
      await sql`update revocation_check set next_at = ${new Date(services.now() + MINUTE_MS)}
        where account_id = ${accountId} and sha256 = ${sha256} and acted_at is null`.execute(services.db)
    }
  }
}

interface Finding {
  readonly url: string | null
  readonly source: string | null
  readonly revoked_at: Date
  readonly reason: RevocationReasonName
  /** Null too when it was on hold and is not any more: whatever comes next is news. */
  readonly told_at: Date | null
}

async function actOnFinding(services: Services, accountId: string, sha256: string): Promise<void> {
  const certificateId = await findHolder(services, accountId, sha256)
  const work = certificateId === null ? null : await loadWork(services, certificateId)
  if (await isUntoldIssuer(services, accountId, sha256)) {
    await tellHolders(services, accountId, sha256)
    await probeSenders(services, accountId, sha256)
  }
  await services.db.transaction().execute(async (trx) => {
    const record = certificateId === null ? null : await lockHolder(services, trx, { accountId, certificateId })
    await lockSites(trx, accountId, sha256)
    const finding = await lockFinding(trx, accountId, sha256)
    if (finding === null) return
    const now = services.now()
    const { reason, source, url } = finding
    const revokedAt = Math.min(finding.revoked_at.getTime(), now)
    const said = saidBy({ reason, source, url, at: finding.revoked_at.getTime() })
    const place = placeOf(record, work, sha256)
    const decision = decideFinding({ ...place, isCurrent: place.isCurrent && !place.isOver, reason })
    const shownBy = await markSites(trx, { accountId, sha256, revokedAt, reason, source, url })
    const facts: HistoryFacts = { accountId, certificateId, actor: EVERCERT_ACTOR, now, detail: said }
    if (decision === 'end' && work !== null) {
      await endPending(trx, facts)
      await endAsRevoked(services, trx, work, { facts, revokedAt, fromState: null, detail: said })
    }
    if (finding.told_at === null) {
      const what = `${sha256}:${reason === 'certificateHold' ? finding.revoked_at.toISOString() : 'revoked'}`
      await tell(services, trx, { ...place, facts, what, said, shownBy, ends: decision === 'end' })
    }
    const isSettled = decision !== 'wait' && reason !== 'certificateHold'
    await settle(trx, { accountId, sha256, toldAt: finding.told_at ?? new Date(now), now, isSettled })
  })
}

async function isUntoldIssuer({ db }: Services, accountId: string, sha256: string): Promise<boolean> {
  const { rows } = await sql`select from revocation_check
    where account_id = ${accountId} and sha256 = ${sha256} and is_issuer and told_at is null`.execute(db)
  return rows.length > 0
}

/** How what was found stands to the certificate that has it, or had it. */
function placeOf(record: CertificateRecord | null, work: Work | null, sha256: string) {
  if (record === null) return { isCurrent: false, isOver: false, application: null }
  const { revokedAt, closedAs, application } = record.facts
  return {
    // What was read before the lock is of the same issuance.
    isCurrent: record.issuance?.sha256 === sha256 && work?.issuanceId === record.issuance.id,
    isOver: revokedAt !== null || closedAs !== null,
    application: application?.state ?? null,
  }
}

interface Settled {
  readonly accountId: string
  readonly sha256: string
  readonly toldAt: Date
  readonly now: number
  /** Nothing more follows from it. */
  readonly isSettled: boolean
}

async function settle(trx: Trx, { accountId, sha256, toldAt, now, isSettled }: Settled): Promise<void> {
  const next = isSettled ? { acted_at: new Date(now), next_at: null } : { next_at: new Date(now + LOOK_AGAIN_MS) }
  await trx
    .updateTable('revocation_check')
    .set({ told_at: toldAt, ...next })
    .where('account_id', '=', accountId)
    .where('sha256', '=', sha256)
    .execute()
}

/** The certificate whose issuance it is; the latest, should there be several. */
async function findHolder(services: Services, accountId: string, sha256: string): Promise<string | null> {
  const row = await services.db
    .selectFrom('issuance')
    .select('certificate_id')
    .where('account_id', '=', accountId)
    .where('sha256', '=', sha256)
    .orderBy('id', 'desc')
    .executeTakeFirst()
  return row?.certificate_id ?? null
}

/** In the order in which everybody locks. Null: it is gone. @throws AppError `conflict` when an application was submitted meanwhile */
async function lockHolder(
  services: Services,
  trx: Trx,
  { accountId, certificateId }: { readonly accountId: string; readonly certificateId: string },
) {
  try {
    await lockCertificate(
      services,
      trx,
      { accountId, tokenId: EVERCERT_ACTOR, actor: EVERCERT_ACTOR, scopes: new Set() },
      certificateId,
    )
  } catch (error) {
    if (error instanceof AppError && error.code === 'notFound') return null
    throw error
  }
  return findCertificate(trx, accountId, certificateId)
}

async function lockFinding(trx: Trx, accountId: string, sha256: string): Promise<Finding | null> {
  const { rows } =
    await sql<Finding>`select url, source, revoked_at, coalesce(reason, 'unspecified') as reason, told_at from revocation_check
    where account_id = ${accountId} and sha256 = ${sha256} and state = 'revoked' and acted_at is null for update`.execute(trx)
  return rows[0] ?? null
}

/** Somebody asked for it meanwhile: it is done. */
async function endPending(trx: Trx, facts: HistoryFacts): Promise<void> {
  const row = await trx
    .selectFrom('revocation')
    .select(['id', 'state'])
    .where('account_id', '=', facts.accountId)
    .where('certificate_id', '=', facts.certificateId)
    .where('state', 'in', ['awaitingConfirmation', 'confirmed'])
    .executeTakeFirst()
  if (row === undefined) return
  if (row.state === 'awaitingConfirmation')
    await transition(trx, { ...facts, subject: 'revocation', id: row.id, from: 'awaitingConfirmation', to: 'confirmed' })
  await transition(trx, {
    ...facts,
    subject: 'revocation',
    id: row.id,
    from: 'confirmed',
    to: 'revoked',
    set: { ended_at: new Date(facts.now), failed_code: null, failed_detail: null, retry_at: null },
  })
}

interface Told {
  readonly facts: HistoryFacts
  /** The same is told once: this certificate, each of its holds, its end. */
  readonly what: string
  readonly said: string
  /** Certificates of endpoints that show it, and one of those. */
  readonly shownBy: readonly { readonly certificateId: string; readonly place: string }[]
  /** Its certificate was revoked here, or ended: people know. */
  readonly isOver: boolean
  readonly isCurrent: boolean
  readonly ends: boolean
}

async function tell(services: Services, trx: Trx, { facts, what, said, shownBy, isOver, isCurrent, ends }: Told): Promise<void> {
  const { certificateId } = facts
  if (certificateId !== null && isCurrent && !isOver) {
    if (!ends) await noteHistory(trx, facts, certificateId)
    await planNotice(services, trx, { certificateId, kind: 'revokedByCa', occasion: what, detail: said })
  }
  if (isOver) return
  for (const site of shownBy) {
    if (isCurrent && site.certificateId === certificateId) continue
    await noteHistory(trx, { ...facts, detail: `${site.place}: ${said}` }, site.certificateId)
    const occasion = `${what}:${site.certificateId}`
    await planNotice(services, trx, {
      certificateId: site.certificateId,
      kind: 'revokedByCa',
      occasion,
      detail: said,
      place: site.place,
    })
  }
}

async function noteHistory(trx: Trx, facts: HistoryFacts, certificateId: string): Promise<void> {
  await recordHistory(trx, {
    ...facts,
    certificateId,
    subject: 'certificate',
    subjectId: certificateId,
    fromState: null,
    toState: 'revokedByCa',
  })
}
