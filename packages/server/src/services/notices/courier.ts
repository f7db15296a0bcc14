/**
 * Takes deliveries that are due and tries them, some at once, so that a channel that hangs holds up no other.
 *
 * @module
 */
import { sql } from 'kysely'
import { nextAllowed } from '../../domain/notice/quiet-hours.ts'
import type { Services } from '../context.ts'
import { attemptDelivery, type ClaimedDelivery } from './deliver.ts'
import { loadSettings, type NoticeSettings } from './settings.ts'

const MAX_AT_ONCE = 16
const MAX_PER_CHANNEL = 4
/** Longer than any attempt takes. A node that dies leaves the delivery to whoever looks after that. */
const CLAIM_MS = 120_000

export interface Courier {
  /** Claims what is due and starts it, without waiting for it. @returns how many attempts were started */
  round(): Promise<number>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

/** @param signal aborted when the service stops: what is under way is left for the next start */
export function createCourier(services: Services, signal: AbortSignal): Courier {
  const underWay = new Set<Promise<void>>()
  const start = (claimed: ClaimedDelivery, settings: NoticeSettings): void => {
    const attempt = attemptDelivery(services, claimed, settings, signal)
      .catch((error: unknown) => services.log.error({ event: 'notice.attemptFailed', deliveryId: claimed.id, error }))
      .finally(() => underWay.delete(attempt))
    underWay.add(attempt)
  }
  return {
    round: async () => {
      const free = MAX_AT_ONCE - underWay.size
      if (free <= 0 || signal.aborted) return 0
      const due = await findDue(services, free)
      const settingsOf = await loadSettings(
        services.db,
        due.map(({ account_id: accountId }) => accountId),
      )
      let started = 0
      for (const row of due) {
        const settings = settingsOf(row.account_id)
        const claimed = await claim(services, row, settings)
        if (claimed === null) continue
        start(claimed, settings)
        started += 1
      }
      return started
    },
    idle: async () => {
      await Promise.all(underWay)
    },
  }
}

interface DueRow {
  readonly id: string
  readonly account_id: string
  readonly notice_id: string
  readonly channel_id: string
  readonly channel_name: string
  readonly state: 'planned' | 'failed'
  readonly version: number
  readonly attempts: number
}

async function findDue(services: Services, limit: number): Promise<readonly DueRow[]> {
  const { rows } = await sql<DueRow>`
    select due.id, due.account_id, due.notice_id, due.channel_id, channel.name as channel_name, due.state, due.version, due.attempts
    from (select id, account_id, notice_id, channel_id, state, version, attempts, attempt_at,
        row_number() over (partition by channel_id order by attempt_at) as place
      from notice_delivery where state in ('planned', 'failed') and attempt_at <= ${new Date(services.now())}) due
      join notice_channel channel on channel.id = due.channel_id
    where due.place <= ${MAX_PER_CHANNEL} order by due.attempt_at limit ${limit}`.execute(services.db)
  return rows
}

/** By compare-and-set: of two nodes one gets it. In quiet hours it is put off, and null is the answer as well. */
async function claim(services: Services, row: DueRow, settings: NoticeSettings): Promise<ClaimedDelivery | null> {
  const now = services.now()
  const allowedAt = nextAllowed(now, settings.quiet)
  const isQuiet = allowedAt > now
  const attempts = row.attempts + (isQuiet ? 0 : 1)
  const result = await services.db
    .updateTable('notice_delivery')
    .set({ attempts, attempt_at: new Date(isQuiet ? allowedAt : now + CLAIM_MS), version: row.version + 1 })
    .where('id', '=', row.id)
    .where('account_id', '=', row.account_id)
    .where('version', '=', row.version)
    .where('state', '=', row.state)
    .executeTakeFirst()
  if (isQuiet || result.numUpdatedRows !== 1n) return null
  return {
    id: row.id,
    accountId: row.account_id,
    noticeId: row.notice_id,
    channelId: row.channel_id,
    channelName: row.channel_name,
    state: row.state,
    attempts,
  }
}
