/**
 * What a target overwrites: no two targets of the installation have a place in common. The last one deployed would win, and the other would be believed to be
 * in place.
 *
 * @module
 */
import { hash } from 'node:crypto'
import { sql } from 'kysely'
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import type { DeployAdapter } from '../ports/deploy.ts'
import { seenBy } from './access/narrowing.ts'
import { findAdapter, parseConfig, type Caller, type Services } from './context.ts'

/** As they are stored: paths and hosts of an account are nothing for others to read. */
export async function placesOf(adapter: DeployAdapter, config: unknown, accountId: string): Promise<readonly string[]> {
  const places = (await adapter.writes?.(config, accountId)) ?? []
  return [...new Set(places.map((place) => hash('sha256', place)))]
}

/** For targets from before places were known. One whose settings cannot be read now is asked again the next time. Outside a transaction: there may be many. */
export async function learnPlaces(services: Services): Promise<void> {
  const { db, vault, adapters, log } = services
  const rows = await db
    .selectFrom('target')
    .select(['id', 'account_id', 'kind', 'config_secret_id'])
    .where('places', 'is', null)
    .orderBy('id')
    .execute()
  for (const { id, account_id: accountId, kind, config_secret_id: secretId } of rows) {
    try {
      const adapter = findAdapter(adapters.deploy, kind, 'target')
      const places =
        adapter.writes === undefined
          ? []
          : await placesOf(adapter, parseConfig(adapter, JSON.parse(await vault.open(db, secretId, 'targetConfig'))), accountId)
      await db
        .updateTable('target')
        .set({ places: [...places] })
        .where('id', '=', id)
        .where('config_secret_id', '=', secretId)
        .execute()
    } catch (error) {
      log.error({ event: 'target.placesUnknown', targetId: id, error })
    }
  }
}

/** Before any other lock: until the end of the transaction nobody else takes a place. */
export async function lockPlaces(trx: Trx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('target places', 0))::text`.execute(trx)
}

interface Taken {
  readonly id: string
  readonly name: string
  readonly is_seen: boolean
}

/**
 * Under {@link lockPlaces}. A target whose certificate was revoked or closed overwrites nothing any more.
 *
 * @param wish.what what is attempted, for the error: `Adding target shop`
 * @param wish.targetId the target itself, which is in nobody's way
 * @throws AppError `placeTaken`, whose facts name the other target when the caller sees it
 */
export async function refuseTaken(
  trx: Trx,
  caller: Caller,
  { what, targetId, places }: { readonly what: string; readonly targetId: string; readonly places: readonly string[] },
): Promise<void> {
  if (places.length === 0) return
  const { rows } = await sql<Taken>`
    select t.id, t.name, (t.account_id = ${caller.accountId} and ${seenBy(caller, 't.certificate_id')}) as is_seen
    from target t join certificate c on c.id = t.certificate_id and c.account_id = t.account_id
    where t.places && ${[...places]}::text[] and t.id <> ${targetId} and c.closed_as is null and c.revoked_at is null
    order by is_seen desc, t.id limit 1`.execute(trx)
  const [other] = rows
  if (other === undefined) return
  const said = (who: string, orElse: string): string =>
    `${what}: ${who} overwrites what these settings name: give a place of its own, or ${orElse}; a renewal takes over the targets of the certificate that it renews.`
  if (other.is_seen)
    throw new AppError('placeTaken', said(`target ${other.name} (${other.id})`, 'remove that target first'), {
      facts: { targetId: other.id },
    })
  throw new AppError('placeTaken', said('another target of this installation', 'ask who operates the installation'))
}
