/**
 * Tells whoever listens when what is shown of a certificate, or of the list, has changed. It looks at the stored facts, so that it does not matter
 * which node changed them; and it looks only while somebody listens.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { CertificateEvent, ListEvent } from '@evercert/contract'
import { loadApplicationView } from './application-view.ts'
import { loadCertificateDetail } from './certificates.ts'
import type { Caller, Services } from './context.ts'
import { listenTo } from './listening.ts'

/** A transaction that began earlier may end later: what it wrote stands among the newest, not at their end. */
const NEWEST = 32

interface WatchOptions {
  /** Aborted when the listener is gone. */
  readonly signal?: AbortSignal | undefined
  /** Asked before each piece of news: who was let in may have been turned out since; throws then, and the stream ends by it. */
  readonly mayStill: () => Promise<unknown>
}

/**
 * Begins with the state of the moment, and yields again after each change.
 *
 * @throws AppError `notFound`; `rateLimited` when too many listen already
 */
export function watchCertificate(
  services: Services,
  caller: Caller,
  { id, signal, mayStill }: WatchOptions & { readonly id: string },
): Promise<AsyncGenerator<CertificateEvent, void, void>> {
  const subject = {
    kind: 'certificate' as const,
    what: `certificate ${id}`,
    key: `${caller.accountId} ${id}`,
    everyMs: services.looks.certificateMs,
    look: () => loadEvent(services, caller, id),
    versionOf: ({ version }: CertificateEvent) => version,
    toNews: (event: CertificateEvent) => event,
  }
  return listenTo(services, caller, subject, { signal, mayStill })
}

async function loadEvent(services: Services, caller: Caller, id: string): Promise<CertificateEvent> {
  const certificate = await loadCertificateDetail(services, caller, id)
  const application = await loadApplicationView(services, caller, id)
  const { status, nextStep, renewalProcess } = certificate
  // What a look at the clock alone changes is no news.
  const seen = JSON.stringify([{ ...certificate, daysLeft: null }, application])
  return {
    version: createHash('sha256').update(seen).digest('base64url').slice(0, 22),
    status,
    nextStep,
    renewalState: renewalProcess?.state ?? null,
  }
}

/**
 * Says that something of the account's certificates has changed, and nothing of what: who may see only some learns no more by it.
 *
 * @throws AppError `rateLimited` when too many listen already
 */
export function watchList(
  services: Services,
  caller: Caller,
  { signal, mayStill }: WatchOptions,
): Promise<AsyncGenerator<ListEvent, void, void>> {
  const subject = {
    kind: 'list' as const,
    what: 'the list of certificates',
    key: caller.accountId,
    everyMs: services.looks.listMs,
    look: () => newestHistory(services, caller.accountId),
    versionOf: (ids: string) => ids,
    toNews: (_ids: string, changes: number) => ({ changes }),
  }
  return listenTo(services, caller, subject, { signal, mayStill })
}

/** Whatever changes a certificate writes history. The ids stay here: they would tell how much others do. */
async function newestHistory({ db }: Pick<Services, 'db'>, accountId: string): Promise<string> {
  const { rows } = await sql<{ id: string }>`select id from history where account_id = ${accountId}
    order by at desc, id desc limit ${NEWEST}`.execute(db)
  return rows.map(({ id }) => id).join()
}
