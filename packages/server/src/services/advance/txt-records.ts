/**
 * The TXT records of automatic DNS validation: put in place for an application, and removed once it ended, however it ended.
 *
 * @module
 */
import { recordHistory } from '../../db/transition.ts'
import { backoffMs } from '../../domain/backoff.ts'
import { AppError } from '../../domain/errors.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { openDnsConnection } from '../dns-connections.ts'
import { applicationOf, type Work, type WorkingApplication } from './facts.ts'

interface TxtRecord {
  readonly name: string
  readonly value: string
}

/** Puts the TXT records in place. Presenting twice leaves one. That they are to be removed is stored before the first is there. */
export async function publishProof(services: Services, work: Work): Promise<void> {
  const application = applicationOf(work)
  const dns = await openDnsConnection(services, work.accountId, application.form.dnsConnectionId)
  const intended = await services.db
    .updateTable('application')
    .set({ txt_remove_at: new Date(services.now()) })
    .where('id', '=', application.id)
    .where('state', '=', 'pendingValidation')
    .executeTakeFirst()
  if (intended.numUpdatedRows !== 1n)
    throw new AppError('conflict', `Publishing the proof of ${application.id}: it ended meanwhile.`, { stale: true })
  for (const record of await loadTxtRecords(services, application.id)) await dns.present({ ...record, ttlSeconds: 60 })
  services.onStep('publishProof', 'done')
  await services.db
    .updateTable('application')
    .set({ proof_published_at: new Date(services.now()), failures: 0 })
    .where('id', '=', application.id)
    .execute()
}

async function loadTxtRecords(services: Services, applicationId: string): Promise<TxtRecord[]> {
  const rows = await services.db
    .selectFrom('validation')
    .select(['location', 'content'])
    .where('application_id', '=', applicationId)
    .where('method', '=', 'dns')
    .execute()
  return rows.map((row) => ({ name: row.location, value: row.content }))
}

/** The values that an application in progress still needs: a CA may ask for the same one again. */
async function loadNeeded(services: Services, accountId: string, names: readonly string[]): Promise<ReadonlySet<string>> {
  if (names.length === 0) return new Set()
  const rows = await services.db
    .selectFrom('validation')
    .innerJoin('application', 'application.id', 'validation.application_id')
    .select(['validation.location', 'validation.content'])
    .where('application.account_id', '=', accountId)
    .where('application.state', 'in', ['pendingValidation', 'inReview'])
    .where('validation.location', 'in', names)
    .execute()
  return new Set(rows.map(({ location, content }) => keyOf({ name: location, value: content })))
}

const keyOf = ({ name, value }: TxtRecord): string => `${name} ${value}`

/** An order that is placed anew has other proofs: what proved the old one is taken away while it is known, or stays. */
export async function forgetTxtRecords(services: Services, work: Work, application: WorkingApplication): Promise<void> {
  if (application.form.validationMethod !== 'dnsAutomatic') return
  try {
    const dns = await openDnsConnection(services, work.accountId, application.form.dnsConnectionId)
    for (const record of await loadTxtRecords(services, application.id)) await dns.remove(record)
  } catch (error) {
    services.log.warn({ event: 'validation.cleanUpFailed', certificateId: work.certificateId, error })
  }
}

/** Removes the records of the applications of this certificate that ended; those of others at the same name stay. */
export async function removeTxtRecords(services: Services, work: Work): Promise<void> {
  const ended = await services.db
    .selectFrom('application')
    .select(['id', 'form', 'failures'])
    .where('account_id', '=', work.accountId)
    .where('certificate_id', '=', work.certificateId)
    .where('txt_remove_at', '<=', new Date(services.now()))
    .where('state', 'in', ['withdrawn', 'reviewFailed', 'issued'])
    .execute()
  for (const application of ended) {
    const records = await loadTxtRecords(services, application.id)
    try {
      const dns = await openDnsConnection(services, work.accountId, application.form.dnsConnectionId)
      const needed = await loadNeeded(services, work.accountId, [...new Set(records.map(({ name }) => name))])
      for (const record of records) if (!needed.has(keyOf(record))) await dns.remove(record)
      services.onStep('removeTxtRecords', 'done')
      await setRemoval(services, application.id, { txt_remove_at: null })
    } catch (error) {
      await recordRemovalFailure(services, work, { ...application, records, error })
    }
  }
}

function setRemoval(services: Services, id: string, change: { txt_remove_at: Date | null; failures?: number }) {
  return services.db.updateTable('application').set(change).where('id', '=', id).execute()
}

/** A record that stays is untidy, not wrong: what cannot succeed by itself is given up, and the history says what is left. */
async function recordRemovalFailure(
  services: Services,
  work: Work,
  { id, failures, records, error }: { id: string; failures: number; records: readonly TxtRecord[]; error: unknown },
): Promise<void> {
  services.log.warn({ event: 'validation.cleanUpFailed', certificateId: work.certificateId, error })
  const now = services.now()
  if (!(error instanceof AppError) || error.retry !== 'never') {
    const retryAt = new Date(now + backoffMs('upstream', failures + 1))
    await setRemoval(services, id, { txt_remove_at: retryAt, failures: failures + 1 })
    return
  }
  await services.db.transaction().execute(async (trx) => {
    await trx.updateTable('application').set({ txt_remove_at: null }).where('id', '=', id).execute()
    await recordHistory(trx, {
      accountId: work.accountId,
      certificateId: work.certificateId,
      subject: 'application',
      subjectId: id,
      fromState: null,
      toState: 'txtRecordsLeft',
      actor: EVERCERT_ACTOR,
      detail: `${records.map(({ name }) => name).join(', ')}: ${error.message}`,
      now,
    })
  })
}
