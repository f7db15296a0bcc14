/**
 * The endpoints and certificates of an account in Prometheus' text format, written while it is read: a page of rows at a time, whatever is
 * stored.
 *
 * @module
 */
import type { Verdict } from '@evercert/contract'
import { sql } from 'kysely'
import { worstVerdict } from '../domain/endpoint/worst-verdict.ts'
import { AppError } from '../domain/errors.ts'
import { DAY_MS } from '../domain/time.ts'
import type { Caller, Services } from './context.ts'

const PAGE_SIZE = 2000
/** Of all accounts: each holds a page of rows and a connection now and then. */
const MAX_AT_ONCE = 2
const running = new WeakMap<Services, number>()

interface CertificateRow {
  readonly id: string
  readonly name: string
  readonly not_after: Date
  readonly served_at: Date | null
}

/** One with endpoints. */
interface ProvedRow {
  readonly id: string
  readonly name: string
  /** Of its endpoints that were probed, each once. */
  readonly verdicts: readonly Verdict[]
  /** Null: one of its endpoints never served it. */
  readonly proved_at: Date | null
}

interface EndpointRow {
  readonly id: string
  readonly certificate_id: string
  readonly host: string
  readonly port: number
  readonly protocol: string
  readonly server_name: string
  readonly verdict: string | null
  readonly not_after: Date | null
  readonly probed_at: Date | null
  readonly proved_at: Date | null
}

type Labels = Readonly<Record<string, string>>

interface Family<Row> {
  readonly name: string
  readonly help: string
  /** Null: the row has no such sample. */
  readonly sample: (row: Row, now: number) => { readonly labels: Labels; readonly value: number } | null
}

const CERTIFICATES: readonly Family<CertificateRow>[] = [
  {
    name: 'evercert_certificate_days_left',
    help: 'Days until the current issuance ends; negative after it.',
    sample: (row, now) => ({ labels: certificateLabels(row), value: daysLeft(row.not_after, now) }),
  },
  {
    name: 'evercert_certificate_served_timestamp_seconds',
    help: 'When every endpoint was seen to serve the current issuance; 0: not yet.',
    sample: (row) => ({ labels: certificateLabels(row), value: seconds(row.served_at) }),
  },
]

const PROVED: readonly Family<ProvedRow>[] = [
  {
    name: 'evercert_certificate_verdict',
    help: 'The worst verdict of its endpoints, as a label; always 1.',
    sample: (row) =>
      row.verdicts.length === 0 ? null : { labels: { ...certificateLabels(row), verdict: worstVerdict(row.verdicts) }, value: 1 },
  },
  {
    name: 'evercert_certificate_proof_timestamp_seconds',
    help: 'The oldest of the last proofs of its endpoints; 0: one of them was never in order.',
    sample: (row) => ({ labels: certificateLabels(row), value: seconds(row.proved_at) }),
  },
]

const ENDPOINTS: readonly Family<EndpointRow>[] = [
  {
    name: 'evercert_endpoint_days_left',
    help: 'Days until the first of the certificates ends that its addresses serve.',
    sample: (row, now) => (row.not_after === null ? null : { labels: endpointLabels(row), value: daysLeft(row.not_after, now) }),
  },
  {
    name: 'evercert_endpoint_verdict',
    help: 'The worst verdict of its addresses, as a label; always 1.',
    sample: (row) => (row.verdict === null ? null : { labels: { ...endpointLabels(row), verdict: row.verdict }, value: 1 }),
  },
  {
    name: 'evercert_endpoint_in_order',
    help: '1: every address serves what it has to; 0: not.',
    sample: (row) => (row.verdict === null ? null : { labels: endpointLabels(row), value: row.verdict === 'served' ? 1 : 0 }),
  },
  {
    name: 'evercert_endpoint_probe_timestamp_seconds',
    help: 'When it was probed last; 0: never.',
    sample: (row) => ({ labels: endpointLabels(row), value: seconds(row.probed_at) }),
  },
  {
    name: 'evercert_endpoint_proof_timestamp_seconds',
    help: 'When every address was last seen to serve what it has to; 0: never.',
    sample: (row) => ({ labels: endpointLabels(row), value: seconds(row.proved_at) }),
  },
]

/** @throws AppError `forbidden` without `metrics:read`, `rateLimited` while others read */
export function openMetrics(services: Services, caller: Caller): ReadableStream<Uint8Array> {
  if (!caller.scopes.has('metrics:read')) {
    throw new AppError('forbidden', 'Reading the metrics: the token does not have the permission metrics:read: use one that has.')
  }
  const count = running.get(services) ?? 0
  if (count >= MAX_AT_ONCE) {
    throw new AppError('rateLimited', 'Reading the metrics: others are reading them: try again in some seconds.', {
      retryAfterSeconds: 5,
    })
  }
  running.set(services, count + 1)
  let isOpen = true
  const release = (): void => {
    if (isOpen) running.set(services, (running.get(services) ?? 1) - 1)
    isOpen = false
  }
  const pages = writePages(services, caller.accountId)
  const encoder = new TextEncoder()
  return new ReadableStream({
    pull: async (controller) => {
      try {
        const page = await pages.next()
        if (page.done !== true) return controller.enqueue(encoder.encode(page.value))
        release()
        controller.close()
      } catch (error) {
        release()
        throw error
      }
    },
    cancel: async () => {
      release()
      await pages.return(undefined)
    },
  })
}

/** The samples of one family stand together, as the format demands: each family is a walk over its rows. */
async function* writePages(services: Services, accountId: string): AsyncGenerator<string, void, undefined> {
  const now = services.now()
  for (const family of CERTIFICATES) yield* writeFamily(family, (after) => certificatePage(services, accountId, after), now)
  for (const family of PROVED) yield* writeFamily(family, (after) => provedPage(services, accountId, after), now)
  for (const family of ENDPOINTS) yield* writeFamily(family, (after) => endpointPage(services, accountId, after), now)
}

async function* writeFamily<Row extends { readonly id: string }>(
  family: Family<Row>,
  load: (after: string) => Promise<readonly Row[]>,
  now: number,
): AsyncGenerator<string, void, undefined> {
  yield `# HELP ${family.name} ${family.help}\n# TYPE ${family.name} gauge\n`
  let rows = await load('')
  while (rows.length > 0) {
    yield rows.map((row) => toLine(family, row, now)).join('')
    const last = rows.at(-1)
    rows = rows.length < PAGE_SIZE || last === undefined ? [] : await load(last.id)
  }
}

function toLine<Row>({ name, sample }: Family<Row>, row: Row, now: number): string {
  const found = sample(row, now)
  if (found === null) return ''
  const labels = Object.entries(found.labels).map(([label, value]) => `${label}="${escaped(value)}"`)
  return `${name}{${labels.join(',')}} ${found.value}\n`
}

async function certificatePage({ db }: Services, accountId: string, after: string): Promise<readonly CertificateRow[]> {
  const { rows } = await sql<CertificateRow>`select c.id, c.name, i.not_after, c.served_at
    from certificate c join issuance i on i.id = c.issuance_id and i.account_id = c.account_id
    where c.account_id = ${accountId} and c.id > ${after} and c.closed_as is null and c.revoked_at is null
    order by c.id limit ${PAGE_SIZE}`.execute(db)
  return rows
}

async function provedPage({ db }: Services, accountId: string, after: string): Promise<readonly ProvedRow[]> {
  const { rows } = await sql<ProvedRow>`select c.id, c.name,
      coalesce(array_agg(distinct e.verdict) filter (where e.verdict is not null), '{}') as verdicts,
      case when bool_and(e.proved_at is not null) then min(e.proved_at) end as proved_at
    from certificate c join endpoint e on e.certificate_id = c.id and e.account_id = c.account_id
    where c.account_id = ${accountId} and c.id > ${after} and c.closed_as is null and c.revoked_at is null and c.issuance_id is not null
    group by c.id, c.name order by c.id limit ${PAGE_SIZE}`.execute(db)
  return rows
}

async function endpointPage({ db }: Services, accountId: string, after: string): Promise<readonly EndpointRow[]> {
  return db
    .selectFrom('endpoint')
    .select(['id', 'certificate_id', 'host', 'port', 'protocol', 'server_name', 'verdict', 'not_after', 'probed_at', 'proved_at'])
    .where('account_id', '=', accountId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(PAGE_SIZE)
    .execute()
}

function certificateLabels({ id, name }: Pick<CertificateRow, 'id' | 'name'>): Labels {
  return { certificate: id, name }
}

function endpointLabels(row: EndpointRow): Labels {
  const { certificate_id: certificate, host, port, protocol, server_name: serverName } = row
  return { certificate, host, port: String(port), protocol, server_name: serverName }
}

function daysLeft(notAfter: Date, now: number): number {
  return Number(((notAfter.getTime() - now) / DAY_MS).toFixed(3))
}

function seconds(at: Date | null): number {
  return at === null ? 0 : at.getTime() / 1000
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}
