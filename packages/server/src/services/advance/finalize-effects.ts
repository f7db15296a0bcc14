/**
 * From a proved order to the stored certificate.
 *
 * @module
 */
import { sql } from 'kysely'
import { parseChain, PkiError, type CertificateFacts } from '@evercert/pki'
import { AppError } from '../../domain/errors.ts'
import type { Services } from '../context.ts'
import { claimsColumn, requireClaims } from '../name-claims.ts'
import { connect, orderRefOf, poll, POLL_IN_PLACE_MS, stale, waitForCa, wantedNotAfter } from './at-the-ca.ts'
import { applicationOf, type Work, type WorkingApplication } from './facts.ts'
import { storeIssuance } from './issuance.ts'
import { orderAnew } from './order-anew.ts'

/** Has the CA sign, waits for it, and stores the certificate the moment it arrives. */
export async function finalizeOrder(services: Services, work: Work, signal: AbortSignal): Promise<void> {
  const application = applicationOf(work)
  const { ca, account } = await connect(services, application)
  const ref = orderRefOf(application)
  const { method, csr } = application
  if (csr === null) throw new AppError('internal', `Finalizing ${application.id}: it has no CSR.`)
  await intendToFinalize(services, work, application)
  services.onStep('finalizeOrder', 'announced')
  const notAfter = await wantedNotAfter(services, work, ca)
  const finalized = await ca.finalizeOrder(account, { ref, method, csrDer: csr, notAfter })
  const order =
    finalized.state === 'processing' && isWorthWaiting(finalized.retryAfterSeconds)
      ? await poll(
          () => ca.readOrder(account, { ref, method }),
          (read) => read.state === 'processing',
          signal,
          finalized.retryAfterSeconds,
        )
      : finalized
  services.onStep('finalizeOrder', 'done')
  if (order.state === 'refused') return orderAnew(services, work, application, order)
  if (order.state !== 'issued')
    return waitForCa(services, application, order.state === 'processing' ? order.retryAfterSeconds : null)
  const leaf = await acceptLeaf(services, application, order.chainPem)
  await storeIssuance(services, work, application, { chainPem: order.chainPem, leaf })
}

/** A CA that asks for more than a moment is asked by a later job. */
function isWorthWaiting(retryAfterSeconds: number | null): boolean {
  return (retryAfterSeconds ?? 0) * 1000 <= POLL_IN_PLACE_MS
}

/**
 * From here on the CA may have signed, and the application cannot be withdrawn: what is signed is kept. A name that is not of this account
 * any more is refused, each time before the CA is asked.
 */
async function intendToFinalize(services: Services, work: Work, application: WorkingApplication): Promise<void> {
  const { id, identifiers, finalizeStartedAt } = application
  const { db } = services
  const now = new Date(services.now())
  const intended = await db
    .updateTable('application')
    .set({ finalize_started_at: sql<Date>`coalesce(finalize_started_at, ${now})` })
    .where('id', '=', id)
    .where('state', '=', 'inReview')
    .returning(claimsColumn(identifiers).as('claims'))
    .executeTakeFirst()
  if (intended === undefined) throw stale(application)
  try {
    requireClaims(identifiers, intended.claims, work.accountId)
  } catch (error) {
    if (finalizeStartedAt === null)
      // the CA was not asked: nothing was signed
      await db.updateTable('application').set({ finalize_started_at: null }).where('id', '=', id).execute()
    throw error
  }
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
