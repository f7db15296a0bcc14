/**
 * From the application to an order at the CA. Each effect writes its intent before it touches the CA and records what came back.
 *
 * @module
 */
import { sql, type SqlBool } from 'kysely'
import { generateKey, parseChain } from '@evercert/pki'
import { changeOne, violatedIndex, writeLater } from '../../db/later.ts'
import { transition, type Trx } from '../../db/transition.ts'
import { AppError } from '../../domain/errors.ts'
import type { CaChallenge, CaOrder } from '../../ports/ca.ts'
import { csrFor } from '../applications.ts'
import { storePrivateKey } from '../certificates.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { claimProvedNames } from '../name-claims.ts'
import { connect, stale, wantedNotAfter } from './at-the-ca.ts'
import { takeHostCsr } from './host-csr.ts'
import { applicationOf, type Work, type WorkingApplication } from './facts.ts'

/** Key and CSR are stored before the CA hears of the certificate. */
export async function prepareCsr(services: Services, work: Work): Promise<void> {
  const application = applicationOf(work)
  if (application.form.hostKey) return takeHostCsr(services, work, application, application.form.hostKey) // forms of before have none
  const key = await generateKey(application.form.key)
  const csr = await csrFor(key, application.identifiers)
  services.onStep('prepareCsr', 'done')
  await services.db.transaction().execute(async (trx) => {
    const keyId = await storePrivateKey(services, trx, work.accountId, key)
    const first = trx
      .updateTable('application')
      .set({ private_key_id: keyId, spki_sha256: key.spkiSha256, csr })
      .where('id', '=', application.id)
      .where('csr', 'is', null)
      .returning('id')
    await changeOne(trx, first, () => stale(application))
  })
}

/** The intent is stored first: a second attempt looks for the order of the first before it places one. */
export async function placeOrder(services: Services, work: Work): Promise<void> {
  const application = applicationOf(work)
  const { ca, account } = await connect(services, application)
  const now = services.now()
  const firstAttemptAt = application.firstAttemptAt ?? now
  if (application.firstAttemptAt === null) {
    const intended = await services.db
      .updateTable('application')
      .set({ first_attempt_at: new Date(now) })
      .where('id', '=', application.id)
      .where('state', '=', 'pendingValidation')
      .executeTakeFirst()
    if (intended.numUpdatedRows !== 1n) throw stale(application)
  }
  services.onStep('placeOrder', 'announced')
  const order = await ca.placeOrder(account, {
    reference: application.reference,
    identifiers: application.identifiers,
    method: application.method,
    notAfter: await wantedNotAfter(services, work, ca),
    mayExist: application.firstAttemptAt !== null,
    firstAttemptAt,
    replaces: () => findReplaced(services, work, application),
    ...(ca.capabilities.reusesValidations === true && { proven: await findProven(services, work, application) }),
    subject: application.subject,
  })
  services.onStep('placeOrder', 'done')
  await recordOrder(services, work, application, order)
}

/** The leaf of the present issuance, or of the certificate that this one renews: where this very issuer made it. */
async function findReplaced(services: Services, work: Work, { issuerId }: WorkingApplication): Promise<Uint8Array | null> {
  const id = work.issuanceId === null ? work.renewsCertificateId : work.certificateId
  if (id === null) return null
  const row = await services.db
    .selectFrom('certificate')
    .innerJoin('issuance', 'issuance.id', 'certificate.issuance_id')
    .innerJoin('application', 'application.id', 'issuance.application_id')
    .select('issuance.chain_pem')
    .where('certificate.account_id', '=', work.accountId)
    .where('certificate.id', '=', id)
    .where('issuance.account_id', '=', work.accountId)
    .where('application.issuer_id', '=', issuerId)
    .executeTakeFirst()
  return row === undefined ? null : (parseChain(row.chain_pem)[0]?.der ?? null)
}

/**
 * Newest of each name; the CA decides which of them may still be used. Of this account: what another one proved says nothing of it. Of names
 * that it holds: for one that was given up, a proof taken over would not count, and the CA asks for a new one if it is not told.
 */
async function findProven(services: Services, work: Work, application: WorkingApplication): Promise<string[]> {
  const names = application.identifiers.map((name) => name.replace(/^\*\./, ''))
  const rows = await services.db
    .selectFrom('validation')
    .innerJoin('application', 'application.id', 'validation.application_id')
    .distinctOn(['validation.identifier', 'validation.wildcard'])
    .select('validation.ref')
    .where('validation.account_id', '=', work.accountId)
    .where('application.account_id', '=', work.accountId)
    .where('application.issuer_id', '=', application.issuerId)
    .where('validation.state', '=', 'valid')
    .where('validation.validated_at', 'is not', null)
    .where('validation.identifier', 'in', [...new Set(names)])
    .where(
      sql<SqlBool>`(not exists (select 1 from account offset 1) or exists (select 1 from name_claim as claim
        where claim.name = validation.identifier and claim.account_id = validation.account_id))`,
    )
    .orderBy('validation.identifier')
    .orderBy('validation.wildcard')
    .orderBy('validation.validated_at', 'desc')
    .execute()
  return rows.map(({ ref }) => ref)
}

/** Stores the order's reference with its challenges. A proof by file is published with them: the responder reads the table. */
async function recordOrder(services: Services, work: Work, application: WorkingApplication, order: CaOrder): Promise<void> {
  if (order.state === 'refused') throw new AppError(order.code, order.detail)
  const now = new Date(services.now())
  const challenges = order.state === 'pending' || order.state === 'ready' ? (order.challenges ?? []) : []
  const published = application.form.validationMethod === 'dnsAutomatic' ? null : now
  await refuseSharedOrder(services, work, application, order.ref)
  await services.db.transaction().execute(async (trx) => {
    const first = trx
      .updateTable('application')
      .set({
        ca_order_ref: order.ref,
        orders_placed: application.ordersPlaced + 1,
        proof_published_at: published,
        failures: 0,
        failed_code: null,
        failed_detail: null,
      })
      .where('id', '=', application.id)
      .where('ca_order_ref', 'is', null)
      .where('state', '=', 'pendingValidation')
      .returning('id')
    await changeOne(
      trx,
      first,
      () => stale(application),
      (error) => (violatedIndex(error) === null ? error : stale(application)),
    )
    await upsertValidations(trx, work, application.id, challenges, now)
    if (order.state !== 'pending') await enterReview(services, trx, work, application)
  })
}

/**
 * A CA may give one order to two applications for the same names: while it is open, or found again after a crash, since ACME orders bear
 * no reference of ours. The second waits until the first is through, and then gets its own. Of two at the same moment a unique index refuses
 * one, which finds the other when it looks again.
 */
async function refuseSharedOrder({ db }: Services, work: Work, application: WorkingApplication, ref: string): Promise<void> {
  const other = await db
    .selectFrom('application')
    .select(['certificate_id', 'account_id'])
    .where('issuer_id', '=', application.issuerId)
    .where('ca_order_ref', '=', ref)
    .where(sql<SqlBool>`state in ('pendingValidation', 'inReview')`) // as the index says it
    .where('id', '<>', application.id)
    .executeTakeFirst()
  if (other === undefined) return
  const who = other.account_id === work.accountId ? other.certificate_id : 'another application'
  throw new AppError(
    'conflict',
    `Ordering ${application.identifiers.join(', ')} from the CA: it gave an order that ${who} waits for: that one is finished first, or withdraw its application.`,
  )
}

export async function upsertValidations(
  trx: Trx,
  work: Work,
  applicationId: string,
  challenges: readonly CaChallenge[],
  now: Date,
): Promise<void> {
  if (challenges.length === 0) return
  const upsert = trx
    .insertInto('validation')
    .values(
      challenges.map((challenge) => ({
        application_id: applicationId,
        account_id: work.accountId,
        ref: challenge.ref,
        identifier: challenge.identifier,
        wildcard: challenge.wildcard,
        method: challenge.method,
        location: challenge.location,
        content: challenge.content,
        state: challenge.state,
        problem: challenge.problem,
        validated_at: challenge.state === 'valid' ? (reusedAt(challenge) ?? now) : null,
        reused: reusedAt(challenge) !== null,
        found_valid: challenge.state === 'valid', // kept by the update below: how it came is what counts
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['application_id', 'ref']).doUpdateSet((builder) => ({
        state: builder.ref('excluded.state'),
        problem: builder.ref('excluded.problem'),
        validated_at: sql<Date | null>`coalesce(validation.validated_at, excluded.validated_at)`,
      })),
    )
  await writeLater(trx, upsert)
}

function reusedAt({ reusedFrom }: CaChallenge): Date | null {
  return reusedFrom === null || reusedFrom === undefined ? null : new Date(reusedFrom)
}

export async function enterReview(services: Services, trx: Trx, work: Work, application: WorkingApplication): Promise<void> {
  const { accountId } = work
  await transition(trx, {
    subject: 'application',
    id: application.id,
    from: 'pendingValidation',
    to: 'inReview',
    accountId,
    certificateId: work.certificateId,
    actor: EVERCERT_ACTOR,
    now: services.now(),
  })
  const proved = trx
    .updateTable('validation')
    .set({ state: 'valid', problem: null, validated_at: sql`coalesce(validated_at, ${new Date(services.now())})` })
    .where('application_id', '=', application.id)
  await writeLater(trx, proved)
  await claimProvedNames(trx, {
    accountId,
    applicationId: application.id,
    identifiers: application.identifiers,
    now: services.now(),
  })
}
