/**
 * From an order to the CA's word that the domains are proved.
 *
 * @module
 */
import { backoffMs } from '../../domain/backoff.ts'
import { AppError } from '../../domain/errors.ts'
import type { Ca, CaAccount, CaOrder } from '../../ports/ca.ts'
import type { Services } from '../context.ts'
import { connect, orderRefOf, poll, waitForCa } from './at-the-ca.ts'
import { applicationOf, type Work, type WorkingApplication } from './facts.ts'
import { orderAnew } from './order-anew.ts'
import { enterReview, upsertValidations } from './order-effects.ts'
import { findMissingProof } from './proof-check.ts'
import { forgetTxtRecords } from './txt-records.ts'

/** Looks for the proof from here before the CA is told: a failed validation costs more than a look. */
export async function answerProof(services: Services, work: Work): Promise<void> {
  const application = applicationOf(work)
  const { ca, account } = await connect(services, application)
  const challenges = await services.db
    .selectFrom('validation')
    .select(['ref', 'identifier', 'method', 'location', 'content', 'state'])
    .where('application_id', '=', application.id)
    .where('state', 'in', ['pending', 'processing'])
    .execute()
  const missing = await findMissingProof(services, ca.capabilities, challenges)
  if (missing !== null) return recordMissingProof(services, work, application, missing)
  const refused = await answerAll(ca, account, application, challenges)
  services.onStep('checkProof', 'done')
  if (refused !== null) return refuseOrder(services, work, application, refused)
  await services.db
    .updateTable('application')
    .set({ answered_at: new Date(services.now()), failures: 0, failed_code: null, failed_detail: null })
    .where('id', '=', application.id)
    .execute()
}

type RefusedOrder = Extract<CaOrder, { state: 'refused' }>

/** @returns the order when the CA has ended it already, and takes no answer any more for that */
async function answerAll(
  ca: Ca,
  account: CaAccount,
  application: WorkingApplication,
  challenges: readonly { readonly ref: string }[],
): Promise<RefusedOrder | null> {
  try {
    for (const challenge of challenges) await ca.answerChallenge(account, challenge.ref)
    return null
  } catch (error) {
    if (!(error instanceof AppError) || error.retry !== 'never') throw error
    const order = await ca.readOrder(account, { ref: orderRefOf(application), method: application.method })
    if (order.state === 'refused') return order
    throw error
  }
}

function refuseOrder(services: Services, work: Work, application: WorkingApplication, order: RefusedOrder): Promise<void> {
  return orderAnew(services, work, application, order, () => forgetTxtRecords(services, work, application))
}

async function recordMissingProof(
  services: Services,
  work: Work,
  application: WorkingApplication,
  missing: { readonly ref: string; readonly problem: string },
): Promise<void> {
  const failures = application.failures + 1
  await services.db.transaction().execute(async (trx) => {
    await trx
      .updateTable('application')
      .set({
        failures,
        failed_code: 'validationFailed',
        failed_detail: missing.problem,
        answered_at: null,
        retry_at: new Date(services.now() + backoffMs('proof', failures)),
      })
      .where('id', '=', application.id)
      .execute()
    await trx
      .updateTable('validation')
      .set({ problem: missing.problem })
      .where('application_id', '=', application.id)
      .where('account_id', '=', work.accountId)
      .where('ref', '=', missing.ref)
      .execute()
  })
}

/** Asks until the CA has judged: ready goes into review, a proof that it did not see goes back to the user. */
export async function readOrder(services: Services, work: Work, signal: AbortSignal): Promise<void> {
  const application = applicationOf(work)
  const { ca, account } = await connect(services, application)
  const ref = orderRefOf(application)
  const order = await poll(
    () => ca.readOrder(account, { ref, method: application.method }),
    (read) => read.state === 'pending' && read.challenges.every((challenge) => challenge.problem === null),
    signal,
  )
  services.onStep('readOrder', 'done')
  if (order.state === 'refused') return refuseOrder(services, work, application, order)
  if (order.state === 'pending') return recordPending(services, work, application, order)
  await services.db.transaction().execute((trx) => enterReview(services, trx, work, application))
}

async function recordPending(
  services: Services,
  work: Work,
  application: WorkingApplication,
  order: Extract<CaOrder, { state: 'pending' }>,
): Promise<void> {
  const now = services.now()
  await services.db.transaction().execute((trx) => upsertValidations(trx, work, application.id, order.challenges, new Date(now)))
  const failed = order.challenges.find((challenge) => challenge.problem !== null && challenge.state === 'pending')
  if (failed !== undefined) {
    return recordMissingProof(services, work, application, { ref: failed.ref, problem: failed.problem ?? '' })
  }
  await waitForCa(services, application, order.retryAfterSeconds)
}
