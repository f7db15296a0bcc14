/**
 * The effects between application and issuance. Each writes its intent before it touches the CA and records what came back.
 *
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { sql, type SqlBool } from 'kysely'
import { generateKey, parseChain, PkiError, type CertificateFacts } from '@evercert/pki'
import { recordHistory, transition, type Trx } from '../../db/transition.ts'
import { backoffMs } from '../../domain/backoff.ts'
import { AppError } from '../../domain/errors.ts'
import type { Ca, CaAccount, CaChallenge, CaOrder } from '../../ports/ca.ts'
import { csrFor } from '../applications.ts'
import { openIssuer } from '../catalogue.ts'
import { storePrivateKey } from '../certificates.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { openDnsConnection } from '../dns-connections.ts'
import type { Work, WorkingApplication } from './facts.ts'
import { forgetIssuerAccount, openIssuerAccount } from './issuer-account.ts'
import { plannedNotAfter, storeIssuance } from './issuance.ts'
import { orderAnew } from './order-anew.ts'
import { findMissingProof } from './proof-check.ts'

/** Polling in place up to this long; beyond it the job ends and the scan wakes the certificate. */
const POLL_IN_PLACE_MS = 12_000

function applicationOf(work: Work): WorkingApplication {
  if (work.application === null)
    throw new AppError('conflict', `Advancing ${work.certificateId}: its application ended meanwhile.`, { stale: true })
  return work.application
}

function orderRefOf(application: WorkingApplication): string {
  if (application.orderRef === null)
    throw new AppError('conflict', `Advancing ${application.id}: it has no order at the CA yet.`, { stale: true })
  return application.orderRef
}

function stale(application: WorkingApplication): AppError {
  return new AppError('conflict', `Recording for ${application.id}: it changed meanwhile: its facts are read again.`, {
    stale: true,
  })
}

async function connect(services: Services, application: WorkingApplication): Promise<{ ca: Ca; account: CaAccount }> {
  const ca = await openIssuer(services, application.issuerId)
  return { ca, account: await openIssuerAccount(services, application.issuerId, ca) }
}

/** Key and CSR are stored before the CA hears of the certificate. */
export async function prepareCsr(services: Services, work: Work): Promise<void> {
  const application = applicationOf(work)
  const key = await generateKey(application.form.key)
  const csr = await csrFor(key, application.identifiers)
  services.onStep('prepareCsr', 'done')
  await services.db.transaction().execute(async (trx) => {
    const keyId = await storePrivateKey(services, trx, work.accountId, key)
    const result = await trx
      .updateTable('application')
      .set({ private_key_id: keyId, spki_sha256: key.spkiSha256, csr })
      .where('id', '=', application.id)
      .where('csr', 'is', null)
      .executeTakeFirst()
    if (result.numUpdatedRows !== 1n) throw stale(application)
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
  const order = await ca.placeOrder(account, {
    reference: application.reference,
    identifiers: application.identifiers,
    method: application.method,
    notAfter: await wantedNotAfter(services, work, ca),
    mayExist: application.firstAttemptAt !== null,
    firstAttemptAt,
    subject: application.subject,
  })
  services.onStep('placeOrder', 'done')
  await recordOrder(services, work, application, order)
}

/** Null for a CA that decides for itself. */
async function wantedNotAfter(services: Services, work: Work, ca: Ca): Promise<number | null> {
  const { honoursNotAfter, validityRule } = ca.capabilities
  return honoursNotAfter ? plannedNotAfter(services, work, validityRule) : null
}

/** Stores the order's reference with its challenges. A proof by file is published with them: the responder reads the table. */
async function recordOrder(services: Services, work: Work, application: WorkingApplication, order: CaOrder): Promise<void> {
  if (order.state === 'refused') throw new AppError(order.code, order.detail)
  const now = new Date(services.now())
  const challenges = order.state === 'pending' ? order.challenges : []
  const published = application.form.validationMethod === 'dnsAutomatic' ? null : now
  await services.db.transaction().execute(async (trx) => {
    await refuseSharedOrder(trx, application, order.ref)
    const result = await trx
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
      .executeTakeFirst()
    if (result.numUpdatedRows !== 1n) throw stale(application)
    await upsertValidations(trx, work, application.id, challenges, now)
    if (order.state !== 'pending') await enterReview(services, trx, work, application)
  })
}

/**
 * A CA may give one order to two applications for the same names: while it is open, or found again after a crash, since ACME orders bear
 * no reference of ours. The second waits until the first is through, and then gets its own. A unique index holds this too.
 */
async function refuseSharedOrder(trx: Trx, application: WorkingApplication, ref: string): Promise<void> {
  const other = await trx
    .selectFrom('application')
    .select('certificate_id')
    .where('issuer_id', '=', application.issuerId)
    .where('ca_order_ref', '=', ref)
    .where(sql<SqlBool>`state in ('pendingValidation', 'inReview')`) // as the index says it
    .where('id', '<>', application.id)
    .executeTakeFirst()
  if (other === undefined) return
  throw new AppError(
    'conflict',
    `Ordering ${application.identifiers.join(', ')} from the CA: it gave the order that ${other.certificate_id} waits for: that one is finished first, or withdraw its application.`,
  )
}

async function upsertValidations(
  trx: Trx,
  work: Work,
  applicationId: string,
  challenges: readonly CaChallenge[],
  now: Date,
): Promise<void> {
  if (challenges.length === 0) return
  await trx
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
        validated_at: challenge.state === 'valid' ? now : null,
      })),
    )
    .onConflict((conflict) =>
      conflict.columns(['application_id', 'ref']).doUpdateSet((builder) => ({
        state: builder.ref('excluded.state'),
        problem: builder.ref('excluded.problem'),
        validated_at: sql<Date | null>`coalesce(validation.validated_at, excluded.validated_at)`,
      })),
    )
    .execute()
}

async function enterReview(services: Services, trx: Trx, work: Work, application: WorkingApplication): Promise<void> {
  await transition(trx, {
    subject: 'application',
    id: application.id,
    from: 'pendingValidation',
    to: 'inReview',
    accountId: work.accountId,
    certificateId: work.certificateId,
    actor: EVERCERT_ACTOR,
    now: services.now(),
  })
  await trx
    .updateTable('validation')
    .set({ state: 'valid', problem: null, validated_at: sql`coalesce(validated_at, ${new Date(services.now())})` })
    .where('application_id', '=', application.id)
    .execute()
}

/** Puts the TXT records of automatic DNS validation in place. Presenting twice leaves one. */
export async function publishProof(services: Services, work: Work): Promise<void> {
  const application = applicationOf(work)
  const dns = await openDnsConnection(services, work.accountId, application.form.dnsConnectionId)
  for (const record of await loadTxtRecords(services, application)) await dns.present({ ...record, ttlSeconds: 60 })
  services.onStep('publishProof', 'done')
  await services.db
    .updateTable('application')
    .set({ proof_published_at: new Date(services.now()), failures: 0 })
    .where('id', '=', application.id)
    .execute()
}

async function loadTxtRecords(services: Services, application: WorkingApplication): Promise<{ name: string; value: string }[]> {
  const rows = await services.db
    .selectFrom('validation')
    .select(['location', 'content'])
    .where('application_id', '=', application.id)
    .where('method', '=', 'dns')
    .execute()
  return rows.map((row) => ({ name: row.location, value: row.content }))
}

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
  return orderAnew(services, work, application, order, async () => {
    if (application.form.validationMethod === 'dnsAutomatic') await removeTxtRecords(services, work, application)
  })
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

async function waitForCa(services: Services, application: WorkingApplication, retryAfterSeconds: number | null): Promise<void> {
  const failures = application.failures + 1
  const delayMs = retryAfterSeconds === null ? Math.max(backoffMs('poll', failures + 6), 1000) : retryAfterSeconds * 1000
  await services.db
    .updateTable('application')
    .set({ failures, retry_at: new Date(services.now() + delayMs) })
    .where('id', '=', application.id)
    .execute()
}

/** Has the CA sign, waits for it, and stores the certificate the moment it arrives. */
export async function finalizeOrder(services: Services, work: Work, signal: AbortSignal): Promise<void> {
  const application = applicationOf(work)
  const { ca, account } = await connect(services, application)
  const ref = orderRefOf(application)
  const { method, csr } = application
  if (csr === null) throw new AppError('internal', `Finalizing ${application.id}: it has no CSR.`)
  await intendToFinalize(services, application)
  const notAfter = await wantedNotAfter(services, work, ca)
  const finalized = await ca.finalizeOrder(account, { ref, method, csrDer: csr, notAfter })
  const order =
    finalized.state === 'processing'
      ? await poll(
          () => ca.readOrder(account, { ref, method }),
          (read) => read.state === 'processing',
          signal,
          finalized.retryAfterSeconds,
        )
      : finalized
  services.onStep('finalizeOrder', 'done')
  if (order.state === 'refused') throw new AppError(order.code, order.detail)
  if (order.state !== 'issued')
    return waitForCa(services, application, order.state === 'processing' ? order.retryAfterSeconds : null)
  const leaf = await acceptLeaf(services, application, order.chainPem)
  await storeIssuance(services, work, application, { chainPem: order.chainPem, leaf })
  if (application.form.validationMethod === 'dnsAutomatic') await removeTxtRecords(services, work, application)
}

/** From here on the CA may have signed, and the application cannot be withdrawn: what is signed is kept. */
async function intendToFinalize(services: Services, application: WorkingApplication): Promise<void> {
  if (application.finalizeStartedAt !== null) return
  const intended = await services.db
    .updateTable('application')
    .set({ finalize_started_at: new Date(services.now()) })
    .where('id', '=', application.id)
    .where('state', '=', 'inReview')
    .executeTakeFirst()
  if (intended.numUpdatedRows !== 1n) throw stale(application)
}

function readLeaf(chainPem: string): CertificateFacts {
  try {
    const [leaf] = parseChain(chainPem)
    if (leaf !== undefined) return leaf
  } catch (cause) {
    if (!(cause instanceof PkiError)) throw cause
  }
  throw new AppError('upstreamUnavailable', 'Reading the issued chain: the CA sent no certificate: it is asked again.')
}

/** What the CA signed is kept, also when it is not what was asked for. */
async function acceptLeaf(services: Services, application: WorkingApplication, chainPem: string): Promise<CertificateFacts> {
  try {
    return leafOf(chainPem, application)
  } catch (error) {
    await services.db.updateTable('application').set({ refused_chain_pem: chainPem }).where('id', '=', application.id).execute()
    throw error
  }
}

/** What the CA sent must be what was asked for: our key and our names. */
function leafOf(chainPem: string, application: WorkingApplication): CertificateFacts {
  const leaf = readLeaf(chainPem)
  if (leaf.spkiSha256 !== application.spkiSha256) {
    throw new AppError('caRejected', 'Reading the issued certificate: it is for another key than the application: ask the CA.')
  }
  const missing = application.identifiers.filter((identifier) => !leaf.names.includes(identifier))
  if (missing.length === 0) return leaf
  throw new AppError('caRejected', `Reading the issued certificate: it lacks ${missing.join(', ')}: ask the CA.`)
}

/** Clean-up after the certificate is safe; a record that stays is untidy, not wrong. */
async function removeTxtRecords(services: Services, work: Work, application: WorkingApplication): Promise<void> {
  try {
    const dns = await openDnsConnection(services, work.accountId, application.form.dnsConnectionId)
    for (const record of await loadTxtRecords(services, application)) await dns.remove(record)
  } catch (error) {
    services.log.warn({ event: 'validation.cleanUpFailed', certificateId: work.certificateId, error })
  }
}

/** Repeats a read while the CA is at it: quick at first, as Retry-After says where it does, for a bounded time. */
async function poll(
  read: () => Promise<CaOrder>,
  isBusy: (order: CaOrder) => boolean,
  signal: AbortSignal,
  firstRetryAfterSeconds: number | null = null,
): Promise<CaOrder> {
  let waitedMs = 0
  if (firstRetryAfterSeconds !== null) {
    waitedMs = Math.min(firstRetryAfterSeconds * 1000, POLL_IN_PLACE_MS)
    await sleep(waitedMs, undefined, { signal })
  }
  for (let attempt = 1; ; attempt += 1) {
    const order = await read()
    const retryAfterSeconds = 'retryAfterSeconds' in order ? order.retryAfterSeconds : null
    const delayMs = retryAfterSeconds === null ? backoffMs('poll', attempt) : retryAfterSeconds * 1000
    if (!isBusy(order) || waitedMs + delayMs > POLL_IN_PLACE_MS) return order
    waitedMs += delayMs
    await sleep(delayMs, undefined, { signal })
  }
}

/**
 * What an error means for the application: refused for good, or tried again when its code allows. Installation effects record their
 * own failures; one that ends here is tried again by the probe's back-off.
 */
export async function recordFailure(services: Services, work: Work, error: unknown): Promise<void> {
  const failure = error instanceof AppError ? error : new AppError('internal', 'Advancing: an unexpected error: see the log.')
  const now = services.now()
  const application = work.application
  if (application === null) {
    await services.db
      .updateTable('certificate')
      .set({
        probe_failures: work.probeFailures + 1,
        probe_due_at: new Date(now + backoffMs('upstream', work.probeFailures + 1)),
      })
      .where('id', '=', work.certificateId)
      .execute()
    return
  }
  if (failure.code === 'caAccountInvalid') await forgetIssuerAccount(services, application.issuerId)
  const failures = application.failures + 1
  const delayMs = failure.retry === 'after' ? (failure.retryAfterSeconds ?? 60) * 1000 : backoffMs('upstream', failures)
  await services.db.transaction().execute(async (trx) => {
    await trx
      .updateTable('application')
      .set({ failures, failed_code: failure.code, failed_detail: failure.message, retry_at: new Date(now + delayMs) })
      .where('id', '=', application.id)
      .execute()
    if (failure.retry !== 'never') return
    const facts = { accountId: work.accountId, certificateId: work.certificateId, actor: EVERCERT_ACTOR, now }
    await transition(trx, {
      ...facts,
      subject: 'application',
      id: application.id,
      from: application.state,
      to: 'reviewFailed',
      detail: failure.message,
    })
    await recordHistory(trx, {
      ...facts,
      subject: 'certificate',
      subjectId: work.certificateId,
      fromState: null,
      toState: 'reviewFailed',
      detail: failure.code,
    })
  })
}
