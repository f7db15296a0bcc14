/**
 * A refused order: given up, or placed anew.
 *
 * @module
 */
import { sql } from 'kysely'
import { recordHistory, transition, type Trx } from '../../db/transition.ts'
import { decideOrderAnew } from '../../domain/application/decide-order-anew.ts'
import { AppError, RETRY } from '../../domain/errors.ts'
import type { CaOrder } from '../../ports/ca.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { changed, type Work, type WorkingApplication } from './facts.ts'
import { forgetTxtRecords, loadTxtRecords } from './txt-records.ts'

type RefusedOrder = Extract<CaOrder, { state: 'refused' }>

/**
 * Forgets a refused order so that the next step places another, later: with a reference of its own, since one reference makes one order.
 * Key and CSR stay. A refused order is final whatever its code: nobody asks for it again.
 *
 * @throws AppError the refusal itself, when a person has to look at it
 */
export async function orderAnew(
  services: Services,
  work: Work,
  application: WorkingApplication,
  order: RefusedOrder,
): Promise<void> {
  const now = services.now()
  const { ordersPlaced, form, state } = application
  const at = decideOrderAnew({ refusal: order.code, validationMethod: form.validationMethod, ordersPlaced }, now)
  if (at === null) throw new AppError(RETRY[order.code] === 'never' ? order.code : 'caRejected', order.detail)
  const stale = await loadTxtRecords(services, application.id)
  await services.db.transaction().execute(async (trx) => {
    const result = await trx
      .updateTable('application')
      .set({
        reference: `${application.id.replace('_', '-')}-${ordersPlaced + 1}`,
        ca_order_ref: null,
        first_attempt_at: null,
        proof_published_at: null,
        answered_at: null,
        finalize_started_at: null,
        failed_code: order.code,
        failed_detail: order.detail,
        retry_at: new Date(at),
      })
      .where('id', '=', application.id)
      .where('state', '=', state)
      .where('ca_order_ref', '=', order.ref)
      .executeTakeFirst()
    if (result.numUpdatedRows !== 1n) throw changed(work)
    await forgetValidations(trx, work, application)
    const facts = { accountId: work.accountId, certificateId: work.certificateId, actor: EVERCERT_ACTOR, now }
    const detail = `ordered anew: ${order.detail}`
    const moved = { subject: 'application', from: state, to: 'pendingValidation', detail } as const
    if (state !== 'pendingValidation') await transition(trx, { ...facts, ...moved, id: application.id })
    else
      await recordHistory(trx, { ...facts, ...moved, subjectId: application.id, fromState: state, toState: 'pendingValidation' })
  })
  await forgetTxtRecords(services, work, application, stale)
}

/**
 * A CA that shares authorizations may have given the same challenge to another account, and this one may have answered it: for the other
 * one it stays no proof, though the record of whose it was goes.
 */
async function forgetValidations(trx: Trx, { accountId }: Work, { id }: WorkingApplication): Promise<void> {
  await sql`
    with gone as (delete from validation where application_id = ${id} and account_id = ${accountId} returning ref)
    update validation set found_valid = true from gone
    where validation.ref = gone.ref and validation.account_id <> ${accountId}`.execute(trx)
}
