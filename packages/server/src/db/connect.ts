/**
 * The database: PostgreSQL by URL, or embedded in a folder. Both speak one dialect; everything above sees Kysely.
 *
 * @module
 */
import { statfs } from 'node:fs/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'
import pg from 'pg'
import { up as initial } from './migrations/0001-initial.ts'
import { up as orderAnew } from './migrations/0002-order-anew.ts'
import { up as keysDownload } from './migrations/0003-keys-download.ts'
import { up as lifecycle } from './migrations/0004-lifecycle.ts'
import { up as knownSpecification } from './migrations/0005-known-specification.ts'
import { up as notices } from './migrations/0006-notices.ts'
import { up as applicants } from './migrations/0007-applicants.ts'
import { up as management } from './migrations/0008-management.ts'
import { up as certificateList } from './migrations/0009-certificate-list.ts'
import { up as payments } from './migrations/0010-payments.ts'
import { up as listingOnce } from './migrations/0011-listing-once.ts'
import { up as access } from './migrations/0012-access.ts'
import { up as recovery } from './migrations/0013-recovery.ts'
import { up as deployments } from './migrations/0014-deployments.ts'
import { up as proof } from './migrations/0015-proof.ts'
import { up as currenciesPromotions } from './migrations/0017-currencies-promotions.ts'
import { up as issuersBrands } from './migrations/0018-issuers-brands-reuse.ts'
import { up as reviewNotice } from './migrations/0021-review-notice.ts'
import { up as nameClaims } from './migrations/0022-name-claims.ts'
import { up as audit } from './migrations/0023-audit.ts'
import { up as agents } from './migrations/0024-agents.ts'
import { up as lighterListing } from './migrations/0025-lighter-listing.ts'
import { up as masterKeys } from './migrations/0026-master-keys.ts'
import { up as wakeManaged } from './migrations/0027-wake-managed.ts'
import { up as waysToSignIn } from './migrations/0028-ways-to-sign-in.ts'
import { up as approvals } from './migrations/0029-approvals.ts'
import { up as freshAndNarrow } from './migrations/0030-fresh-and-narrow.ts'
import { up as countForForecast } from './migrations/0032-forecast.ts'
import { up as deploymentAdvice } from './migrations/0034-deployment-advice.ts'
import { up as providerSecondFactor } from './migrations/0036-provider-second-factor.ts'
import { up as personalNotices } from './migrations/0037-personal-notices.ts'
import { up as agentsRenew } from './migrations/0038-agents-renew.ts'
import { up as moneyNotices } from './migrations/0041-money-notices.ts'
import { up as oneLine } from './migrations/0042-one-line.ts'
import { up as waitingRenewals } from './migrations/0043-waiting-renewals.ts'
import { up as revocationChecks } from './migrations/0044-revocation-checks.ts'
import { up as earlierUploads } from './migrations/0045-earlier-uploads.ts'
import { up as tokenAway } from './migrations/0046-token-away.ts'
import { up as suggestedWindows } from './migrations/0047-suggested-windows.ts'
import { up as uploadsThatFollow } from './migrations/0048-uploads-that-follow.ts'
import { up as liveLinesOfAgents } from './migrations/0049-live-lines-of-agents.ts'
import { up as takenOutOfLineages } from './migrations/0050-taken-out-of-lineages.ts'
import { up as revokedIntermediates } from './migrations/0051-revoked-intermediates.ts'
import { up as brandsOfUploads } from './migrations/0052-brands-of-uploads.ts'
import { up as deploymentsUnderWay } from './migrations/0054-deployments-under-way.ts'
import { up as intermediatesOfIssuances } from './migrations/0055-intermediates-of-issuances.ts'
import { up as followedByWindow } from './migrations/0056-followed-by-window.ts'
import { up as shippedBrandTitles } from './migrations/0058-shipped-brand-titles.ts'
import { up as toldOfIssuers } from './migrations/0059-told-of-issuers.ts'
import { up as reloadLeases } from './migrations/0060-reload-leases.ts'
import { up as keysUsedAgain } from './migrations/0061-keys-used-again.ts'
import { up as targetPlaces } from './migrations/0062-target-places.ts'
import { up as deployedAgain } from './migrations/0063-deployed-again.ts'
import { up as keyKindsOfEndpoints } from './migrations/0064-key-kinds-of-endpoints.ts'
import { up as whatTargetsHeld } from './migrations/0065-what-targets-held.ts'
import { up as canonicalHosts } from './migrations/0066-canonical-hosts.ts'
import { up as lighterCommits } from './migrations/0067-lighter-commits.ts'
import { AppError } from '../domain/errors.ts'
import { embeddedDialect } from './embedded-dialect.ts'
import { openEmbedded } from './embedded.ts'
import { ensureAnswer } from './postgres-place.ts'
import type { EmbeddedConnection } from './prepared-statements.ts'
import { statementNameOf } from './statement-names.ts'
import type { Tables } from './tables.ts'
import type { Trx } from './transition.ts'

export type Db = Kysely<Tables>

export type DatabaseSettings =
  | { readonly kind: 'postgres'; readonly url: string; readonly maxConnections?: number }
  | { readonly kind: 'embedded'; readonly folder: string; readonly onFsync?: () => void }

export interface Database {
  readonly kind: 'postgres' | 'embedded'
  readonly db: Db
  /** Null for PostgreSQL. The job queue needs it, since it sends several statements at once. */
  readonly embedded: EmbeddedConnection | null
  /** @throws AppError `storageUnavailable`; `storageFull` when the embedded one could soon write no more */
  ping(): Promise<void>
  /** What PostgreSQL's autovacuum does by itself: the embedded database has none, and its dead rows would stay for ever. */
  vacuum(): Promise<void>
  close(): Promise<void>
}

const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-initial': { up: initial },
  '0002-order-anew': { up: orderAnew },
  '0003-keys-download': { up: keysDownload },
  '0004-lifecycle': { up: lifecycle },
  '0005-known-specification': { up: knownSpecification },
  '0006-notices': { up: notices },
  '0007-applicants': { up: applicants },
  '0008-management': { up: management },
  '0009-certificate-list': { up: certificateList },
  '0010-payments': { up: payments },
  '0011-listing-once': { up: listingOnce },
  '0012-access': { up: access },
  '0013-recovery': { up: recovery },
  '0014-deployments': { up: deployments },
  '0015-proof': { up: proof },
  '0017-currencies-promotions': { up: currenciesPromotions },
  '0018-issuers-brands-reuse': { up: issuersBrands },
  '0021-review-notice': { up: reviewNotice },
  '0022-name-claims': { up: nameClaims },
  '0023-audit': { up: audit },
  '0024-agents': { up: agents },
  '0025-lighter-listing': { up: lighterListing },
  '0026-master-keys': { up: masterKeys },
  '0027-wake-managed': { up: wakeManaged },
  '0028-ways-to-sign-in': { up: waysToSignIn },
  '0029-approvals': { up: approvals },
  '0030-fresh-and-narrow': { up: freshAndNarrow },
  '0032-forecast': { up: countForForecast },
  '0034-deployment-advice': { up: deploymentAdvice },
  '0036-provider-second-factor': { up: providerSecondFactor },
  '0037-personal-notices': { up: personalNotices },
  '0038-agents-renew': { up: agentsRenew },
  '0041-money-notices': { up: moneyNotices },
  '0042-one-line': { up: oneLine },
  '0043-waiting-renewals': { up: waitingRenewals },
  '0044-revocation-checks': { up: revocationChecks },
  '0045-earlier-uploads': { up: earlierUploads },
  '0046-token-away': { up: tokenAway },
  '0047-suggested-windows': { up: suggestedWindows },
  '0048-uploads-that-follow': { up: uploadsThatFollow },
  '0049-live-lines-of-agents': { up: liveLinesOfAgents },
  '0050-taken-out-of-lineages': { up: takenOutOfLineages },
  '0051-revoked-intermediates': { up: revokedIntermediates },
  '0052-brands-of-uploads': { up: brandsOfUploads },
  '0054-deployments-under-way': { up: deploymentsUnderWay },
  '0055-intermediates-of-issuances': { up: intermediatesOfIssuances },
  '0056-followed-by-window': { up: followedByWindow },
  '0058-shipped-brand-titles': { up: shippedBrandTitles },
  '0059-told-of-issuers': { up: toldOfIssuers },
  '0060-reload-leases': { up: reloadLeases },
  '0061-keys-used-again': { up: keysUsedAgain },
  '0062-target-places': { up: targetPlaces },
  '0063-deployed-again': { up: deployedAgain },
  '0064-key-kinds-of-endpoints': { up: keyKindsOfEndpoints },
  '0065-what-targets-held': { up: whatTargetsHeld },
  '0066-canonical-hosts': { up: canonicalHosts },
  '0067-lighter-commits': { up: lighterCommits },
}

const INT8 = 20 // type oid; amounts are safe integers (domain/payment/money.ts), so a Number holds them
const DEFAULT_CONNECTIONS = 10

/** Opens the database and brings its schema up to date. @throws AppError `storageUnavailable` when it does not answer */
export function openDatabase(settings: DatabaseSettings): Promise<Database> {
  return connect(settings, (db) => migrate(db))
}

/**
 * Opens a database that has nothing in it yet, with the schema as it was after the given migrations: what a copy of that time fits into.
 *
 * @throws AppError `conflict` when there are tables, `invalid` for migrations of another version, `storageUnavailable`
 */
export function openEmptyDatabase(settings: DatabaseSettings, migrations: readonly string[]): Promise<Database> {
  return connect(settings, async (db) => {
    const known = Object.keys(MIGRATIONS).filter((name) => migrations.includes(name))
    const last = known.at(-1)
    if (last === undefined || known.length < migrations.length || !isBeginning(known))
      throw new AppError('invalid', 'Making the schema: it is of a newer Evercert: use that version, or a later one.')
    const { rows } =
      await sql`select from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'`.execute(db)
    if (rows.length > 0)
      throw new AppError('conflict', 'Opening the database: it is not empty: give an empty one; nothing in it was changed.')
    await migrate(db, last)
  })
}

/** A database before a later migration was written knows the earlier ones, without gaps. */
function isBeginning(names: readonly string[]): boolean {
  return Object.keys(MIGRATIONS).every((name, index) => index >= names.length || names[index] === name)
}

/** The migrations that made the schema what it is, in order. */
export async function listMigrations(db: Db | Trx): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select name from kysely_migration order by name`.execute(db)
  return rows.map(({ name }) => name)
}

async function connect(settings: DatabaseSettings, prepare: (db: Db) => Promise<void>): Promise<Database> {
  if (settings.kind === 'postgres') await ensureAnswer(settings.url)
  const database = settings.kind === 'postgres' ? connectPostgres(settings) : await connectEmbedded(settings)
  try {
    await prepare(database.db)
  } catch (error) {
    await database.close().catch(() => {})
    throw error
  }
  return database
}

/** Has PostgreSQL keep the plans of the queries that are worked out once. */
class PreparingClient extends pg.Client {
  // oxlint-disable-next-line typescript/no-explicit-any -- pg declares eight forms of one method; the pool and Kysely use what passes here unchanged
  override query(...args: any[]): any {
    const [text, values] = args as [unknown, unknown]
    const name = typeof text === 'string' ? statementNameOf(text) : null
    const [first, ...rest] = name === null ? args : [{ name, text, values }, ...args.slice(2)]
    return super.query(first, ...rest)
  }
}

function connectPostgres(settings: { readonly url: string; readonly maxConnections?: number }): Database {
  const types = {
    getTypeParser: ((oid: number, format: 'text' | 'binary') =>
      oid === INT8 ? Number : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
  }
  const pool = new pg.Pool({
    connectionString: settings.url,
    max: settings.maxConnections ?? DEFAULT_CONNECTIONS,
    types,
    Client: PreparingClient,
  })
  pool.on('error', () => {}) // an idle connection broke; the next query opens another or fails with its own error
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return {
    kind: 'postgres',
    db,
    embedded: null,
    ping: () => ping(db),
    vacuum: () => Promise.resolve(),
    close: () => db.destroy(),
  }
}

async function connectEmbedded(settings: { readonly folder: string; readonly onFsync?: () => void }): Promise<Database> {
  const embedded = await openEmbedded(settings.folder, settings.onFsync)
  const db = new Kysely<Tables>({ dialect: embeddedDialect(embedded) })
  const vacuum = async (): Promise<void> => {
    await embedded.exec('vacuum (analyze)')
  }
  const look = async (): Promise<void> => {
    await ping(db)
    await ensureRoom(settings.folder)
  }
  return { kind: 'embedded', db, embedded, ping: look, vacuum, close: () => db.destroy() }
}

/** A file of the write-ahead log: with less, one that is full can have no successor. */
const MIN_ROOM_BYTES = 16 * 2 ** 20

/** @throws AppError `storageFull` */
async function ensureRoom(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < MIN_ROOM_BYTES)
    throw new AppError('storageFull', `Asking the database: the disk of ${folder} is full: make room on it.`, {
      facts: { freeBytes: bavail * bsize },
    })
}

async function ping(db: Db): Promise<void> {
  try {
    await sql`select 1`.execute(db)
  } catch (cause) {
    throw new AppError('storageUnavailable', 'Asking the database: it does not answer: check that it runs and try again.', {
      cause,
    })
  }
}

/** @param last the migration to stop after; all by default. @throws AppError `databaseNewer`, `storageUnavailable` */
export async function migrate(db: Db, last?: string): Promise<void> {
  await refuseNewer(db)
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve({ ...MIGRATIONS }) } })
  const { error } = await (last === undefined ? migrator.migrateToLatest() : migrator.migrateTo(last))
  if (error === undefined) return
  throw new AppError(
    'storageUnavailable',
    'Bringing the database schema up to date: it failed, and is as it was: mend the cause and start again.',
    { cause: error },
  )
}

/** What this version does not know was done by a later one. */
async function refuseNewer(db: Db): Promise<void> {
  const { rows } = await sql<{ found: boolean }>`select to_regclass('kysely_migration') is not null as found`.execute(db)
  if (rows[0]?.found !== true) return
  const unknown = (await listMigrations(db)).filter((name) => !(name in MIGRATIONS))
  if (unknown.length > 0)
    throw new AppError(
      'databaseNewer',
      `Opening the database: a newer version changed it (${unknown.join(', ')}): start that version.`,
      {
        facts: { migrations: unknown },
      },
    )
}
