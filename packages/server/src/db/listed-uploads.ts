/**
 * The list facts of uploads, written as they are known: working them out of the stored rows took longer than all else that an upload does in
 * the database. What is written is what `refresh_listing` (0052-brands-of-uploads.ts) would write.
 *
 * @module
 */
import { sql } from 'kysely'
import { isPlainText, suffixesOfDomain, wordsOfName } from '../domain/certificate/search-words.ts'
import { DAY_MS } from '../domain/time.ts'
import { listInBulk } from './bulk.ts'
import { writeLater } from './later.ts'
import type { Trx } from './transition.ts'

/** Of a certificate that was uploaded in this transaction: valid and of no order. */
export interface ListedUpload {
  readonly certificateId: string
  /** Another's id for one that joins its lineage. */
  readonly lineageId: string
  readonly name: string
  readonly names: readonly string[]
  readonly issuer: string
  readonly brand: string | null
  readonly notBefore: number
  readonly notAfter: number
  readonly windowOpensAt: number
}

/** Puts them in the list, with what they are found and counted by. */
export async function listUploads(trx: Trx, accountId: string, uploads: readonly ListedUpload[]): Promise<void> {
  const plain: ListedUpload[] = []
  const others: string[] = []
  for (const upload of uploads) {
    // What another one of a lineage has in the list depends on it: the database works them out together.
    const isAlone = upload.lineageId === upload.certificateId
    if (isAlone && isPlainText(upload.name) && upload.names.every(isPlainText)) plain.push(upload)
    else others.push(upload.lineageId)
  }
  if (plain.length > 0) {
    await insertListings(trx, accountId, plain)
    await insertWords(trx, accountId, plain)
    await insertIssuers(trx, accountId, plain)
    await insertTallies(trx, accountId, plain)
  }
  if (others.length > 0) await listInBulk(trx, accountId, others)
}

async function insertListings(trx: Trx, accountId: string, uploads: readonly ListedUpload[]): Promise<void> {
  const insert = sql`insert into certificate_listing (certificate_id, account_id, lineage_id, lineage_index, origin, phase, closed,
      issuer, brand, not_after, window_opens_at, place_not_after, place_name, words_of, lifetime_days, waits_for)
    select id, ${accountId}, id, 0, 'uploaded', 'valid', false,
      issuer, brand, not_after, window_opens_at, not_after, name, words_hash(name, string_to_array(names, ' ')), lifetime_days, 'ordered'
    from unnest(${uploads.map((upload) => upload.certificateId)}::text[], ${uploads.map(({ name }) => name)}::text[],
      ${uploads.map(({ names }) => names.join(' '))}::text[], ${uploads.map(({ issuer }) => issuer)}::text[],
      ${uploads.map(({ brand }) => brand)}::text[], ${uploads.map(({ notAfter }) => iso(notAfter))}::timestamptz[],
      ${uploads.map(({ windowOpensAt }) => iso(windowOpensAt))}::timestamptz[], ${uploads.map(lifetimeDaysOf)}::int[])
      as row (id, name, names, issuer, brand, not_after, window_opens_at, lifetime_days)`
  await writeLater(trx, insert.compile(trx))
}

async function insertWords(trx: Trx, accountId: string, uploads: readonly ListedUpload[]): Promise<void> {
  const ids: string[] = []
  const kinds: string[] = []
  const words: string[] = []
  const add = (id: string, kind: string, found: Iterable<string>): void => {
    for (const word of new Set(found)) {
      ids.push(id)
      kinds.push(kind)
      words.push(word)
    }
  }
  for (const { certificateId, name, names } of uploads) {
    add(certificateId, 'name', wordsOfName(name))
    add(certificateId, 'domain', names.flatMap(suffixesOfDomain))
  }
  const insert = sql`insert into certificate_token (account_id, certificate_id, kind, token)
    select ${accountId}, id, kind, word from unnest(${ids}::text[], ${kinds}::text[], ${words}::text[]) as row (id, kind, word)`
  await writeLater(trx, insert.compile(trx))
}

async function insertIssuers(trx: Trx, accountId: string, uploads: readonly ListedUpload[]): Promise<void> {
  const issuers = [...new Set(uploads.map(({ issuer }) => issuer))].toSorted()
  const insert = sql`insert into issuer_name (account_id, issuer)
    select ${accountId}, issuer from unnest(${issuers}::text[]) as row (issuer)
    where not exists (select from issuer_name k where k.account_id = ${accountId} and k.issuer = row.issuer)
    on conflict do nothing`
  await writeLater(trx, insert.compile(trx))
}

/** Those that count the same, once with their number. */
async function insertTallies(trx: Trx, accountId: string, uploads: readonly ListedUpload[]): Promise<void> {
  const counts = new Map<string, number>()
  for (const upload of uploads) {
    const key = `${dayOf(upload.windowOpensAt)} ${dayOf(upload.notAfter)} ${lifetimeDaysOf(upload)}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  const columns = [...counts.keys()].map((key) => key.split(' '))
  const insert = sql`insert into certificate_tally_change
      (account_id, phase, opens_on, expires_on, lifetime_days, is_last, waits_for, count)
    select ${accountId}, 'valid', opens_on, expires_on, lifetime_days, true, 'ordered', count
    from unnest(${columns.map(([opensOn]) => opensOn)}::date[], ${columns.map(([, expiresOn]) => expiresOn)}::date[],
      ${columns.map(([, , days]) => days)}::int[], ${[...counts.values()]}::int[])
      as row (opens_on, expires_on, lifetime_days, count)`
  await writeLater(trx, insert.compile(trx))
}

/** Whole days: notAfter belongs to the validity (RFC 5280 §4.1.2.5), and a CA's clock may be a little off. */
function lifetimeDaysOf({ notBefore, notAfter }: ListedUpload): number {
  return Math.max(1, Math.round((notAfter - notBefore) / DAY_MS))
}

/** In UTC. */
function dayOf(instant: number): string {
  return iso(instant).slice(0, 10)
}

function iso(instant: number): string {
  return new Date(instant).toISOString()
}
