/**
 * The rounds of the worker, once a second or seldomer each: with nothing due, and where that needs nobody else, with something.
 *
 * @module
 */
import { sql } from 'kysely'
import { auditRound, tidyAudit } from '../../packages/server/src/services/audit/rounds.ts'
import type { Services } from '../../packages/server/src/services/context.ts'
import { removeEarlierUploads } from '../../packages/server/src/services/earlier-uploads.ts'
import { createCourier } from '../../packages/server/src/services/notices/courier.ts'
import { planDueNotices } from '../../packages/server/src/services/notices/plan.ts'
import { createProber } from '../../packages/server/src/services/probing/prober.ts'
import { pollDuePayments } from '../../packages/server/src/services/provider-payments/poll.ts'
import { createRevocationChecker } from '../../packages/server/src/services/revocation-checks/checker.ts'
import { createRewrapper } from '../../packages/server/src/services/rewrap.ts'
import { scanDue, tidyUp } from '../../packages/server/src/services/scan.ts'

export interface Round {
  readonly name: string
  /** How many it must find; 0 where nothing is due. */
  readonly due: number
  /** Makes so many due. Not measured. */
  readonly prepare?: () => Promise<unknown>
  /** @returns how many it found; nothing where the round does not say */
  readonly run: () => Promise<unknown>
  /** Undoes what a run left, and waits for what it started. Not measured. */
  readonly after?: () => Promise<unknown>
}

const DUE = 100

export function createRounds(services: Services): readonly Round[] {
  const { db } = services
  const { signal } = new AbortController()
  const courier = createCourier(services, signal)
  const prober = createProber(services, signal)
  const rewrapper = createRewrapper(services)
  const checker = createRevocationChecker(services, signal)
  const first = (table: string, key: string, change: string) =>
    sql
      .raw(`update ${table} set ${change} where ${key} in (select ${key} from ${table} order by ${key} limit ${DUE})`)
      .execute(db)
  const due = (column: string): string => `${column} = now() - interval '1 minute'`
  return [
    { name: 'certificates', due: 0, run: () => scanDue(services) },
    {
      name: 'certificates',
      due: DUE,
      prepare: () => first('certificate', 'id', due('advance_at')),
      run: () => scanDue(services),
      after: async () => {
        await sql`delete from jobs.job`.execute(db)
        await sql`update certificate set advance_at = null where advance_at is not null`.execute(db)
      },
    },
    { name: 'notices', due: 0, run: () => planDueNotices(services) },
    {
      name: 'notices',
      due: DUE,
      prepare: () => first('certificate', 'id', due('next_notice_at')),
      run: () => planDueNotices(services),
    },
    { name: 'deliveries', due: 0, run: () => courier.round() },
    { name: 'payments', due: 0, run: () => pollDuePayments(services, signal) },
    { name: 'probes', due: 0, run: () => prober.round() },
    {
      name: 'probes (claims)', // they are put off: nothing serves these certificates; how many are probed in a second shows bench:probe
      due: DUE,
      prepare: () => first('endpoint', 'id', due('probe_at')),
      run: () => prober.round(),
      after: () => prober.idle(),
    },
    { name: 'revocations', due: 0, run: () => checker.round() },
    {
      name: 'revocations', // nobody answers at their address
      due: DUE,
      prepare: () => first('revocation_check', 'sha256', due('next_at')),
      run: () => checker.round(),
    },
    { name: 'earlier uploads', due: 0, run: () => removeEarlierUploads(services) },
    { name: 'master keys', due: 0, run: () => rewrapper.round() },
    { name: 'audit log', due: 0, run: () => auditRound(services) },
    {
      name: 'audit log (seal)',
      due: DUE,
      prepare: () =>
        sql`insert into history (account_id, subject, subject_id, to_state, actor, at)
          select (select min(id) from account), 'certificate', 'crt_' || n, 'uploaded', 'bench', now()
          from generate_series(1, ${DUE}::int) n`.execute(db),
      run: () => auditRound(services),
    },
    { name: 'tidying', due: 0, run: () => tidyUp(services) },
    { name: 'tidying of the audit log', due: 0, run: () => tidyAudit(services) },
  ]
}
