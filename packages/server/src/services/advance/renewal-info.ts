/**
 * Asking the CA of a managed certificate when it would have it renewed, and keeping what it said (RFC 9773). A CA that does not answer changes
 * nothing: the certificate renews by its own plan.
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { parseChain } from '@evercert/pki'
import { recordHistory } from '../../db/transition.ts'
import { toMs } from '../../db/time.ts'
import { askAgainAt, momentIn, type SuggestedWindow } from '../../domain/managed/suggested-window.ts'
import type { CaRenewalInfo } from '../../ports/ca.ts'
import { openIssuer } from '../catalogue.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { formatInstant } from '../texts.ts'
import type { Work } from './facts.ts'

/** Finer than the second that a certificate's times are given in. */
const DRAW_STEPS = 1_000_000_000

export async function askRenewalInfo(services: Services, work: Work): Promise<void> {
  let info: CaRenewalInfo | null
  try {
    info = await ask(services, work)
  } catch (error) {
    services.log.warn({ event: 'renewalInfo.failed', certificateId: work.certificateId, error })
    await keep(services, work, null)
    return
  }
  services.onStep('askRenewalInfo', 'done')
  await keep(services, work, info)
}

async function ask(services: Services, { accountId, issuanceId }: Work): Promise<CaRenewalInfo | null> {
  const row = await services.db
    .selectFrom('issuance')
    .innerJoin('application', 'application.id', 'issuance.application_id')
    .select(['issuance.chain_pem', 'application.issuer_id'])
    .where('issuance.account_id', '=', accountId)
    .where('issuance.id', '=', issuanceId)
    .executeTakeFirst()
  const [leaf] = row === undefined ? [] : parseChain(row.chain_pem)
  if (row === undefined || leaf === undefined) return null
  const ca = await openIssuer(services, row.issuer_id)
  return (await ca.renewalInfo?.(leaf.der)) ?? null
}

/** A window that is the same keeps its moment. Without an answer what was said before goes on to count. */
async function keep(services: Services, { accountId, certificateId, issuanceId }: Work, info: CaRenewalInfo | null) {
  const now = services.now()
  const ask_ca_at = new Date(askAgainAt(info?.retryAfterSeconds ?? null, now))
  await services.db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('management')
      .select(['suggested_for', 'suggested_from', 'suggested_until'])
      .where('certificate_id', '=', certificateId)
      .where('account_id', '=', accountId)
      .forUpdate()
      .executeTakeFirst()
    if (row === undefined) return
    const isOfThis = row.suggested_for === issuanceId
    const known = { startsAt: isOfThis ? toMs(row.suggested_from) : null, endsAt: isOfThis ? toMs(row.suggested_until) : null }
    const isNew = info !== null && (info.startsAt !== known.startsAt || info.endsAt !== known.endsAt)
    await trx
      .updateTable('management')
      .set({
        suggested_for: issuanceId,
        ask_ca_at,
        ...(isNew ? drawIn(info) : isOfThis ? {} : NO_WINDOW),
        ...(info !== null && { suggestion_page: info.explanationUrl }),
      })
      .where('certificate_id', '=', certificateId)
      .where('account_id', '=', accountId)
      .execute()
    if (!isNew) return
    const page = info.explanationUrl === null ? '' : `: ${info.explanationUrl}`
    await recordHistory(trx, {
      accountId,
      certificateId,
      subject: 'management',
      subjectId: certificateId,
      fromState: 'managed',
      toState: 'managed',
      actor: EVERCERT_ACTOR,
      detail: `the CA asks to renew between ${formatInstant(info.startsAt)} and ${formatInstant(info.endsAt)}${page}`,
      now,
    })
  })
}

const NO_WINDOW = { suggested_from: null, suggested_until: null, suggested_at: null, suggestion_page: null } as const

function drawIn(window: SuggestedWindow) {
  return {
    suggested_from: new Date(window.startsAt),
    suggested_until: new Date(window.endsAt),
    suggested_at: new Date(momentIn(window, randomInt(DRAW_STEPS) / DRAW_STEPS)),
  }
}
