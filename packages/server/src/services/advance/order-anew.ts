/**
 * A refused order: given up, or placed anew.
 *
 * @module
 */
import { recordHistory } from '../../db/transition.ts'
import { decideOrderAnew } from '../../domain/application/decide-order-anew.ts'
import { AppError } from '../../domain/errors.ts'
import type { CaOrder } from '../../ports/ca.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { changed, type Work, type WorkingApplication } from './facts.ts'

type RefusedOrder = Extract<CaOrder, { state: 'refused' }>

/**
 * Forgets a refused order so that the next step places another, later: with a reference of its own, since one reference makes one order.
 * Key and CSR stay.
 *
 * @param beforeForgetting takes away what proved the old order and is of no use for the new one
 * @throws AppError the refusal itself, when a person has to look at it
 */
export async function orderAnew(
  services: Services,
  work: Work,
  application: WorkingApplication,
  order: RefusedOrder,
  beforeForgetting: () => Promise<void>,
): Promise<void> {
  const now = services.now()
  const { ordersPlaced, form } = application
  const at = decideOrderAnew({ refusal: order.code, validationMethod: form.validationMethod, ordersPlaced }, now)
  if (at === null) throw new AppError(order.code, order.detail)
  await beforeForgetting()
  await services.db.transaction().execute(async (trx) => {
    const result = await trx
      .updateTable('application')
      .set({
        reference: `${application.id.replace('_', '-')}-${ordersPlaced + 1}`,
        ca_order_ref: null,
        first_attempt_at: null,
        proof_published_at: null,
        answered_at: null,
        failed_code: order.code,
        failed_detail: order.detail,
        retry_at: new Date(at),
      })
      .where('id', '=', application.id)
      .where('state', '=', 'pendingValidation')
      .where('ca_order_ref', '=', order.ref)
      .executeTakeFirst()
    if (result.numUpdatedRows !== 1n) throw changed(work)
    await trx.deleteFrom('validation').where('application_id', '=', application.id).execute()
    await recordHistory(trx, {
      accountId: work.accountId,
      certificateId: work.certificateId,
      subject: 'application',
      subjectId: application.id,
      fromState: 'pendingValidation',
      toState: 'pendingValidation',
      actor: EVERCERT_ACTOR,
      detail: `ordered anew: ${order.detail}`,
      now,
    })
  })
}
