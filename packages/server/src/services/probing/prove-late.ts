/**
 * Targets that were added when the certificate was served already, without an address of their own: there is no renewal any more whose proof would prove
 * them. They are proved as the others are, by all endpoints, each looked at after the deployment.
 *
 * @module
 */
import { sql } from 'kysely'
import { transition, type Trx } from '../../db/transition.ts'
import { EVERCERT_ACTOR, type Services } from '../context.ts'
import { isNameOf, nameServed } from '../served-name.ts'
import type { EndpointProof } from './record.ts'

interface Late {
  readonly id: string
  readonly account_id: string
  readonly certificate_id: string
  readonly kind: string
  readonly config_secret_id: string
  readonly names: readonly string[]
}

/** @param proofs what was just stored */
export async function proveLate(services: Services, trx: Trx, proofs: readonly EndpointProof[]): Promise<void> {
  const inOrder = proofs.filter(({ verification }) => verification.ok)
  const certificateIds = [...new Set(inOrder.map(({ expectation }) => expectation.certificateId))]
  if (certificateIds.length === 0) return
  const now = services.now()
  const { rows } = await sql<Late>`
    select d.id, d.account_id, d.certificate_id, t.kind, t.config_secret_id,
      (select array_agg(e.host) || array_agg(e.server_name) from endpoint e where e.certificate_id = c.id) as names
    from certificate c
      join issuance i on i.id = c.issuance_id
      join deployment d on d.issuance_id = c.issuance_id and d.account_id = c.account_id
      join target t on t.id = d.target_id
    where c.id = any(${certificateIds}::text[]) and c.served_at is not null and d.state = 'applied' and d.check_at is null
      and d.restore_reason is null and t.probe_host is null
      and not exists (select from endpoint e where e.certificate_id = c.id and (e.verdict is distinct from 'served'
        or e.proved_sha256 is distinct from i.sha256 or e.proved_at is null or e.proved_at <= d.updated_at))`.execute(trx)
  for (const { id, account_id: accountId, certificate_id: certificateId, kind, config_secret_id: secretId, names } of rows) {
    const name = await nameServed({ ...services, db: trx }, kind, secretId)
    if (name !== null && !names.some((one) => isNameOf(name, one))) continue
    await transition(trx, {
      accountId,
      certificateId,
      actor: EVERCERT_ACTOR,
      now,
      subject: 'deployment',
      id,
      from: 'applied',
      to: 'proved',
    })
  }
}

/** So that nobody waits for the schedule. */
export async function lookSoon(services: Services, accountId: string, certificateId: string): Promise<void> {
  const now = new Date(services.now())
  await services.db
    .updateTable('endpoint')
    .set({ probe_at: now })
    .where('account_id', '=', accountId)
    .where('certificate_id', '=', certificateId)
    .where('probe_at', '>', now)
    .execute()
}
