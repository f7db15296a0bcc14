import { sql } from 'kysely'
import type { TestService } from './service.ts'
import { waitFor } from './wait-for.ts'

/** How a call ended: its answer, or the code that it was refused with. */
export function outcomeOf<Answer>(call: Promise<Answer>): Promise<{ readonly answer: Answer } | { readonly code: unknown }> {
  return call.then(
    (answer) => ({ answer }),
    (error: unknown) => {
      const { code, problem } = error as { code?: unknown; problem?: { code?: unknown } }
      return { code: problem?.code ?? code }
    },
  )
}

/** Until the call has come to an end, or waits for a lock. PostgreSQL only: the embedded database does one transaction after the other. */
export async function untilItWaits({ services }: TestService, call: Promise<unknown>): Promise<void> {
  let hasEnded = false
  const end = () => {
    hasEnded = true
  }
  call.then(end, end)
  await waitFor('the call to end or to wait for a lock', async () => {
    const { rows } = await sql`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(services.db)
    return hasEnded || rows.length > 0 ? true : null
  })
}
