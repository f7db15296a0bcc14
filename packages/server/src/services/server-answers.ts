/**
 * Asks the authoritative name servers about the records that a person puts in place, and keeps what they said with the validation.
 *
 * @module
 */
import type { Caller, Services } from './context.ts'
import { askNameServers } from './name-servers.ts'

/** Records that are looked at in one check; the others have their turn when these are valid. */
const MAX_RECORDS = 20

/** Only for validation by hand: records of a connection are ours to put right. */
export async function recordServerAnswers(services: Services, { accountId }: Caller, applicationId: string): Promise<void> {
  const rows = await services.db
    .selectFrom('validation')
    .innerJoin('application', 'application.id', 'validation.application_id')
    .select(['validation.ref', 'validation.location', 'validation.content', 'application.form'])
    .where('validation.account_id', '=', accountId)
    .where('validation.application_id', '=', applicationId)
    .where('validation.method', '=', 'dns')
    .where('validation.state', '<>', 'valid')
    .orderBy('validation.identifier')
    .limit(MAX_RECORDS)
    .execute()
  await Promise.all(
    rows
      .filter(({ form }) => form.validationMethod !== 'dnsAutomatic')
      .map(async ({ ref, location, content }) => {
        const answers = await askNameServers(services.nameServers, location, content)
        await services.db
          .updateTable('validation')
          .set({ servers: JSON.stringify(answers), servers_asked_at: new Date(services.now()) })
          .where('account_id', '=', accountId)
          .where('application_id', '=', applicationId)
          .where('ref', '=', ref)
          .execute()
      }),
  )
}
