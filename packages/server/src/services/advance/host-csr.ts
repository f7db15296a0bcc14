/**
 * A key that an agent makes on its host: its CSR is asked for, checked, and stored as that of the application.
 *
 * @module
 */
import { sql, type SqlBool } from 'kysely'
import type { HostKey } from '@evercert/contract'
import { AppError } from '../../domain/errors.ts'
import { askForCsr } from '../agents/host-keys.ts'
import { checkCsrNames } from '../check-submission.ts'
import type { Services } from '../context.ts'
import { insertAgentCsr, readCsr } from '../csrs.ts'
import { stale } from './at-the-ca.ts'
import type { Work, WorkingApplication } from './facts.ts'

/**
 * Until the agent reported, the application waits; what it reported is taken once.
 *
 * @throws AppError `agentAway`, pending; `hostKeyRefused`
 */
export async function takeHostCsr(
  services: Services,
  work: Work,
  application: WorkingApplication,
  hostKey: HostKey,
): Promise<void> {
  const { accountId, certificateId } = work
  const { agentId, csrPem } = await askForCsr(services, {
    accountId,
    certificateId,
    applicationId: application.id,
    round: application.failures,
    hostKey,
  })
  const facts = await checked(hostKey, async () => {
    const read = await readCsr(csrPem)
    checkCsrNames(read, application.identifiers)
    return read
  })
  services.onStep('prepareCsr', 'done')
  await services.db.transaction().execute(async (trx) => {
    const used = await trx
      .selectFrom('application')
      .select('id')
      .where('spki_sha256', '=', facts.spkiSha256)
      .where(sql<SqlBool>`(state <> 'withdrawn' or finalize_started_at is not null)`) // as the index says it
      .executeTakeFirst()
    const csrId =
      used === undefined
        ? await insertAgentCsr(services, trx, { accountId, agentId, agent: hostKey.agent, site: hostKey.site, facts })
        : null
    if (csrId === null) throw refusal(hostKey, 'its CSR has a key that was used before: a new one is wanted')
    const result = await trx
      .updateTable('application')
      .set({
        csr: facts.der,
        csr_id: csrId,
        spki_sha256: facts.spkiSha256,
        failed_code: null,
        failed_detail: null,
        retry_at: null,
      })
      .where('id', '=', application.id)
      .where('account_id', '=', accountId)
      .where('state', '=', application.state)
      .where('csr', 'is', null)
      .executeTakeFirst()
    if (result.numUpdatedRows !== 1n) throw stale(application)
  })
}

/** A CSR that is not good is the agent's fault, and asked for again: no reason to end the application. */
async function checked<T>(hostKey: HostKey, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    throw refusal(hostKey, error.message, error)
  }
}

function refusal({ agent, site }: HostKey, why: string, cause?: AppError): AppError {
  return new AppError('hostKeyRefused', `Agent ${agent}, site ${site}: ${why}`, { cause })
}
