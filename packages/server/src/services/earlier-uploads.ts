/**
 * Uploads that renewals leave behind at a provider: removed once every site is proved to serve the new certificate, since accounts there have
 * quotas. Only where the target's settings ask for it, only what this service itself deployed to the target, and what nothing is known to use. It
 * fails no deployment.
 *
 * @module
 */
import { sql } from 'kysely'
import { writeLater } from '../db/later.ts'
import { recordHistory, type Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { HOUR_MS, MINUTE_MS } from '../domain/time.ts'
import { logLine } from './advance/deployment-record.ts'
import { EVERCERT_ACTOR, findAdapter, parseConfig, type Services } from './context.ts'

/** Written with the proof: from then on it will be done, whatever ends in between. */
export async function planRemovals(
  services: Services,
  trx: Trx,
  { accountId, issuanceId }: { readonly accountId: string; readonly issuanceId: string },
): Promise<void> {
  const kinds = services.adapters.deploy.filter(({ uploadsTo }) => uploadsTo !== undefined).map(({ id }) => id)
  const write = sql`update deployment d set tidy_at = ${new Date(services.now())} from target t
    where t.id = d.target_id and t.account_id = d.account_id and t.kind = any(${kinds}::text[]) and d.account_id = ${accountId}
      and d.issuance_id = ${issuanceId} and d.state in ('applied', 'proved') and d.tidied_at is null and d.tidy_at is null`
  await writeLater(trx, write.compile(trx))
}

const CLAIM_MS = 10 * MINUTE_MS
const AT_ONCE = 10
/** Providers remove in their own time: whether it is gone is looked at later. */
const LOOK_AGAIN_MS = HOUR_MS
const LONGEST_MS = 24 * HOUR_MS
/** Asked for so often, and there still: somebody has to know. */
const TRIES_BEFORE_WARNING = 3
const MAX_TRIES = 12

interface Due {
  readonly id: string
  readonly account_id: string
  readonly certificate_id: string
  readonly target_id: string
  readonly tidy_tries: number
}

/** @returns how many were looked at */
export async function removeEarlierUploads(services: Services): Promise<number> {
  const now = services.now()
  const due = await sql`select 1 from deployment where tidy_at <= ${new Date(now)} order by tidy_at limit 1`.execute(services.db)
  if (due.rows.length === 0) return 0
  const { rows } = await sql<Due>`
    with due as (select id from deployment where tidy_at <= ${new Date(now)} order by tidy_at limit ${AT_ONCE} for update skip locked)
    update deployment d set tidy_at = ${new Date(now + CLAIM_MS)} from due where d.id = due.id
    returning d.id, d.account_id, d.certificate_id, d.target_id, d.tidy_tries`.execute(services.db)
  for (const row of rows) await tidy(services, row)
  return rows.length
}

async function tidy(services: Services, row: Due): Promise<void> {
  try {
    const store = await openStore(services, row)
    if (store === null) return await note(services, row, { at: null, isOver: false, problem: null })
    const earlier = await findEarlier(services, row, store.kinds)
    if (earlier === null) return await note(services, row, { at: null, isOver: false, problem: null })
    const removed = earlier.length === 0 ? [] : await store.remove(earlier)
    services.onStep('removeEarlier', 'done')
    await recordRemoved(services, row, removed)
  } catch (error) {
    services.log.warn({ event: 'deployment.notTidied', deploymentId: row.id, error })
    const problem = error instanceof AppError ? error.message : 'Removing earlier uploads: an unexpected error: see the log.'
    const delayMs = Math.min(LONGEST_MS, HOUR_MS * 2 ** row.tidy_tries)
    const at = row.tidy_tries + 1 >= MAX_TRIES ? null : services.now() + delayMs
    await note(services, row, { at, isOver: false, problem })
  }
}

/**
 * Leaves that this target had by this service's own hand, that no endpoint shows and no other target has that takes its uploads from the same provider. What
 * such a target has is that of its last deployment that is known to be there, or of a later one of which it is not known: it may have been installed before
 * it was superseded or failed, or be put back.
 *
 * @returns null when the deployment is not the proved one of its target any more
 */
async function findEarlier(
  services: Services,
  { id, account_id: accountId, target_id: targetId }: Due,
  kinds: readonly string[],
): Promise<readonly string[] | null> {
  const { rows: current } = await sql<{ sha256: string }>`
    select i.sha256 from deployment d join issuance i on i.id = d.issuance_id and i.account_id = d.account_id
      join target t on t.id = d.target_id and t.account_id = d.account_id
      join certificate c on c.id = t.certificate_id and c.account_id = t.account_id and c.issuance_id = d.issuance_id
    where d.id = ${id} and d.account_id = ${accountId} and d.state = 'proved' and c.served_at is not null`.execute(services.db)
  const [now] = current
  if (now === undefined) return null
  const { rows } = await sql<{ sha256: string }>`
    select distinct i.sha256 from deployment d join issuance i on i.id = d.issuance_id and i.account_id = d.account_id
      join target t on t.id = d.target_id and t.account_id = d.account_id
    where d.target_id = ${targetId} and d.account_id = ${accountId} and i.sha256 <> ${now.sha256}
      and d.state in ('applied', 'proved', 'superseded', 'rolledBack', 'abandoned')
      and not exists (select from observation o where o.account_id = d.account_id
        and (o.sha256 = i.sha256 or o.other ->> 'sha256' = i.sha256))
      and not exists (select from target t2 join deployment d2 on d2.target_id = t2.id and d2.account_id = t2.account_id
          join issuance i2 on i2.id = d2.issuance_id and i2.account_id = d2.account_id
        where t2.account_id = t.account_id and t2.kind = any(${kinds}::text[]) and t2.id <> t.id
          and i.sha256 in (i2.sha256, d2.previous_sha256)
          and d2.id >= coalesce((select max(d3.id) from deployment d3 where d3.target_id = t2.id and d3.account_id = t2.account_id
            and d3.state in ('applied', 'proved')), ''))`.execute(services.db)
  return rows.map(({ sha256 }) => sha256)
}

interface Store {
  /** Of all targets that may take an upload from there. */
  readonly kinds: readonly string[]
  readonly remove: (earlier: readonly string[]) => Promise<readonly string[]>
}

/** Null when the target is gone, or its settings do not ask for removal. */
async function openStore(services: Services, row: Due): Promise<Store | null> {
  const target = await services.db
    .selectFrom('target')
    .select(['kind', 'config_secret_id'])
    .where('id', '=', row.target_id)
    .where('account_id', '=', row.account_id)
    .executeTakeFirst()
  if (target === undefined) return null
  const adapter = findAdapter(services.adapters.deploy, target.kind, 'target')
  const raw: unknown = JSON.parse(await services.vault.open(services.db, target.config_secret_id, 'targetConfig'))
  const opened = adapter.create(parseConfig(adapter, raw), services.kit)
  if (opened.removeEarlier === undefined) return null
  const kinds = services.adapters.deploy.filter(({ uploadsTo }) => uploadsTo === adapter.uploadsTo).map(({ id }) => id)
  return { kinds, remove: async (earlier) => (await opened.removeEarlier?.(earlier)) ?? [] }
}

async function recordRemoved(services: Services, row: Due, removed: readonly string[]): Promise<void> {
  if (removed.length === 0) return note(services, row, { at: null, isOver: true, problem: null })
  const isStuck = row.tidy_tries + 1 > TRIES_BEFORE_WARNING
  const problem = isStuck
    ? `Removing ${removed.join(', ')}: asked ${row.tidy_tries} times, and it is there still: remove it there.`
    : null
  const at = row.tidy_tries + 1 >= MAX_TRIES ? null : services.now() + LOOK_AGAIN_MS
  await note(services, row, { at, isOver: false, problem, said: row.tidy_tries === 0 ? removed : [] })
}

interface Outcome {
  readonly at: number | null
  /** Nothing is left. */
  readonly isOver: boolean
  readonly problem: string | null
  /** What removal was asked for, for the timeline. */
  readonly said?: readonly string[]
}

async function note(services: Services, row: Due, { at, isOver, problem, said = [] }: Outcome): Promise<void> {
  const now = services.now()
  const lines = said.map((one) => logLine(services, `Removed the earlier upload ${one}.`))
  await services.db.transaction().execute(async (trx) => {
    await sql`update deployment set tidy_at = ${at === null ? null : new Date(at)}, tidied_at = ${isOver ? new Date(now) : null},
        tidy_tries = ${isOver ? 0 : row.tidy_tries + 1}, tidy_problem = ${problem?.slice(0, 1000) ?? null}, log = log || ${JSON.stringify(lines)}::jsonb
      where id = ${row.id} and account_id = ${row.account_id}`.execute(trx)
    if (said.length === 0) return
    await recordHistory(trx, {
      accountId: row.account_id,
      certificateId: row.certificate_id,
      subject: 'deployment',
      subjectId: row.id,
      fromState: null,
      toState: 'tidied',
      actor: EVERCERT_ACTOR,
      detail: said.join(', '),
      now,
    })
  })
}
