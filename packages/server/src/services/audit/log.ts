/**
 * Writes entries of the audit log: what is no change of state, which has its history written with it.
 *
 * What is done leaves a line whatever happens: the intent is written before, and becomes the entry after. What is refused is written at once
 * the first time, and then counted: equal ones within a minute are one more line, and of different ones only so many are kept apart, so
 * that nobody fills the disk by asking.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import type { AuditActorKind, AuditOutcome } from '@evercert/contract'
import type { Db } from '../../db/connect.ts'
import type { Trx } from '../../db/transition.ts'

export interface AuditEvent {
  /** Null: of the installation. */
  readonly accountId: string | null
  readonly actor: string
  readonly actorKind: AuditActorKind
  readonly actorId: string | null
  readonly action: string
  readonly subject: string | null
  readonly subjectId: string | null
  readonly address: string | null
  readonly requestId: string | null
  /** No secrets. */
  readonly details: Readonly<Record<string, unknown>>
}

export interface AuditLog {
  /** Before it is done. @returns the intent */
  begin(event: AuditEvent): Promise<string>
  /** It was done: the intent becomes an entry. Never rejects: it was done, and the intent tells of it if this cannot. */
  finish(intent: string, event: AuditEvent): Promise<void>
  /** It was not done. */
  dismiss(intent: string): Promise<void>
  /** Refused or failed: the first of a minute is written, equal ones are counted. Never rejects. */
  note(event: AuditEvent, outcome: 'refused' | 'failed'): Promise<void>
  /** Writes the counts of minutes that are over, or all. */
  flush(all: boolean): Promise<void>
  /** Intents that nobody works on any more become entries of unknown outcome. @param before null: all of them */
  settle(before: Date | null): Promise<number>
}

const MINUTE_MS = 60_000
/** Different ones that one node keeps apart within a minute. */
export const MAX_NOTED_APART = 200

interface Noted {
  readonly event: AuditEvent
  readonly outcome: 'refused' | 'failed'
  readonly since: number
  /** Beyond the one that is written. */
  more: number
}

export function createAuditLog({
  db,
  now,
  log,
}: {
  readonly db: Db
  readonly now: () => number
  readonly log: Logger
}): AuditLog {
  const noted = new Map<string, Noted>()
  const warn = (error: unknown): void => log.error({ event: 'audit.failed', error })
  const writeCount = async (key: string, { event, outcome, more, since }: Noted): Promise<void> => {
    noted.delete(key)
    if (more === 0) return
    // What cannot be written now is counted on.
    const putBack = (error: unknown): void => {
      warn(error)
      const other = noted.get(key)
      if (other === undefined) noted.set(key, { event, outcome, since, more })
      else other.more += more
    }
    const details = { ...event.details, count: more, since: new Date(since).toISOString() }
    await insertEntry(db, { ...event, requestId: null, details }, outcome, now()).catch(putBack)
  }
  return {
    begin: async (event) => {
      const id = randomBytes(16).toString('hex')
      await db
        .insertInto('audit_intent')
        .values({ id, at: new Date(now()), entry: JSON.stringify(event) })
        .execute()
      return id
    },
    finish: async (intent, event) => {
      try {
        await insertEntry(db, event, 'done', now(), intent)
      } catch (error) {
        warn(error)
      }
    },
    dismiss: async (intent) => {
      await db.deleteFrom('audit_intent').where('id', '=', intent).execute().catch(warn)
    },
    note: async (event, outcome) => {
      const [key, kept] = chooseKey(noted, event, outcome)
      const known = noted.get(key)
      if (known !== undefined) known.more += 1
      else {
        noted.set(key, { event: kept, outcome, since: now(), more: 0 })
        await insertEntry(db, kept, outcome, now()).catch(warn)
      }
    },
    flush: async (all) => {
      for (const [key, each] of noted)
        if (all || now() - each.since >= MINUTE_MS || now() < each.since) await writeCount(key, each)
    },
    settle: (before) => settleIntents(db, before),
  }
}

/** When there are too many different ones, all further ones are one. */
function chooseKey(
  noted: ReadonlyMap<string, Noted>,
  event: AuditEvent,
  outcome: 'refused' | 'failed',
): readonly [string, AuditEvent] {
  const { requestId: _, details, ...same } = event
  const key = JSON.stringify([same, details['code'], details['fault'], outcome])
  if (noted.has(key) || noted.size < MAX_NOTED_APART) return [key, event]
  const several: AuditEvent = {
    accountId: null,
    actor: 'several',
    actorKind: 'nobody',
    actorId: null,
    action: 'several',
    subject: null,
    subjectId: null,
    address: null,
    requestId: null,
    details: {},
  }
  return [`several ${outcome}`, several]
}

/** @param intent what it was before, and is no more */
export async function insertEntry(
  db: Db | Trx,
  event: AuditEvent,
  outcome: AuditOutcome,
  at: number,
  intent: string | null = null,
): Promise<number> {
  const { accountId, actor, actorKind, actorId, action, subject, subjectId, address, requestId, details } = event
  const { rows } = await sql<{ id: number }>`
    with gone as (delete from audit_intent where id = ${intent})
    insert into audit_entry (account_id, at, actor, actor_kind, actor_id, action, subject, subject_id, outcome, address, request_id, details)
    values (${accountId}, ${new Date(at)}, ${actor}, ${actorKind}, ${actorId}, ${action}, ${subject}, ${subjectId}, ${outcome}, ${address},
      ${requestId}, ${JSON.stringify(details)}) returning id`.execute(db)
  return Number(rows[0]?.id)
}

async function settleIntents(db: Db, before: Date | null): Promise<number> {
  return db.transaction().execute(async (trx) => {
    let query = trx.deleteFrom('audit_intent').returning(['at', 'entry'])
    if (before !== null) query = query.where('at', '<', before)
    const rows = await query.execute()
    for (const { at, entry } of rows) await insertEntry(trx, JSON.parse(entry) as AuditEvent, 'unknown', at.getTime())
    return rows.length
  })
}
