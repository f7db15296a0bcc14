/**
 * Connections to DNS providers, for automatic validation.
 *
 * @module
 */
import type { DnsConnectionDetail } from '@evercert/contract'
import { sql } from 'kysely'
import type { Db } from '../db/connect.ts'
import { violatedIndex } from '../db/later.ts'
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import type { DnsProvider } from '../ports/dns.ts'
import { findAdapter, newId, notFound, parseConfig, parseNewConfig, type Caller, type Services } from './context.ts'
import { withKeptSecrets, withoutSecrets } from './secret-settings.ts'

interface DnsConnectionView {
  readonly id: string
  readonly name: string
  readonly kind: string
}

/** @throws AppError `invalid`, `misconfigured`, `duplicateName` */
export async function createDnsConnection(
  services: Services,
  caller: Caller,
  connection: { readonly name: string; readonly kind: string; readonly config: unknown },
): Promise<DnsConnectionView> {
  const adapter = findAdapter(services.adapters.dns, connection.kind, 'DNS connection')
  parseNewConfig(adapter, connection.config)
  const id = newId(services, 'dns')
  const now = services.now()
  await services.db.transaction().execute(async (trx) => {
    const secretId = await services.vault.seal(trx, {
      purpose: 'dnsConfig',
      accountId: caller.accountId,
      plaintext: JSON.stringify(connection.config),
      now,
    })
    const result = await trx
      .insertInto('dns_connection')
      .values({
        id,
        account_id: caller.accountId,
        name: connection.name,
        kind: connection.kind,
        config_secret_id: secretId,
        created_at: new Date(now),
      })
      .onConflict((conflict) => conflict.columns(['account_id', 'name']).doNothing())
      .executeTakeFirst()
    if (result.numInsertedOrUpdatedRows !== 1n) {
      throw new AppError(
        'duplicateName',
        `Adding DNS connection ${connection.name}: there is one with this name: choose another.`,
      )
    }
  })
  return { id, name: connection.name, kind: connection.kind }
}

export async function listDnsConnections(services: Services, caller: Caller): Promise<DnsConnectionView[]> {
  return services.db
    .selectFrom('dns_connection')
    .select(['id', 'name', 'kind'])
    .where('account_id', '=', caller.accountId)
    .orderBy('name')
    .execute()
}

/** With its settings, without their secrets. @throws AppError `notFound` */
export async function loadDnsConnection(services: Services, caller: Caller, id: string): Promise<DnsConnectionDetail> {
  const { config_secret_id: secretId, ...view } = await findRow(services.db, caller.accountId, id)
  const raw: unknown = JSON.parse(await services.vault.open(services.db, secretId, 'dnsConfig'))
  const { config, secretsSet } = withoutSecrets(findAdapter(services.adapters.dns, view.kind, 'DNS connection').config, raw)
  return { ...view, config, secretsSet: [...secretsSet] }
}

export interface DnsConnectionChange {
  readonly name?: string | undefined
  /** All settings anew, except for secrets that are left out: those stay. */
  readonly config?: Record<string, unknown> | undefined
}

/** Applications under way go on with the new settings. @throws AppError `notFound`, `invalid`, `duplicateName` */
export async function updateDnsConnection(
  services: Services,
  caller: Caller,
  id: string,
  { name, config }: DnsConnectionChange,
): Promise<DnsConnectionDetail> {
  const { accountId } = caller
  const work = services.db.transaction().execute(async (trx) => {
    const row = await findRow(trx, accountId, id, 'locked')
    const secretId = config === undefined ? null : await sealChanged(services, trx, accountId, row, config)
    await trx
      .updateTable('dns_connection')
      .set({ id, ...(name !== undefined && { name }), ...(secretId !== null && { config_secret_id: secretId }) })
      .where('account_id', '=', accountId)
      .where('id', '=', id)
      .execute()
    if (secretId !== null) await trx.deleteFrom('secret').where('id', '=', row.config_secret_id).execute()
  })
  await work.catch((error: unknown) => {
    if (violatedIndex(error) === null) throw error
    throw new AppError(
      'duplicateName',
      `Changing DNS connection ${id}: there is one with the name ${name ?? ''}: choose another.`,
    )
  })
  return loadDnsConnection(services, caller, id)
}

async function sealChanged(
  services: Services,
  trx: Trx,
  accountId: string,
  { kind, config_secret_id: secretId }: DnsConnectionRow,
  wanted: Record<string, unknown>,
): Promise<string> {
  const adapter = findAdapter(services.adapters.dns, kind, 'DNS connection')
  const old: unknown = JSON.parse(await services.vault.open(trx, secretId, 'dnsConfig'))
  const settings = withKeptSecrets(adapter.config, wanted, old)
  parseNewConfig(adapter, settings)
  return services.vault.seal(trx, { purpose: 'dnsConfig', accountId, plaintext: JSON.stringify(settings), now: services.now() })
}

/** @throws AppError `notFound`, `inUse` */
export async function removeDnsConnection(services: Services, caller: Caller, id: string): Promise<{ id: string }> {
  const { accountId } = caller
  await services.db.transaction().execute(async (trx) => {
    const row = await findRow(trx, accountId, id, 'locked')
    await refuseIfInUse(trx, accountId, row)
    await trx.deleteFrom('dns_connection').where('account_id', '=', accountId).where('id', '=', id).execute()
    await trx.deleteFrom('secret').where('id', '=', row.config_secret_id).execute()
  })
  return { id }
}

/** By an application under way, by records of ours that are still in the DNS, or by what a managed certificate applies with the next time. */
async function refuseIfInUse(trx: Trx, accountId: string, { id, name }: DnsConnectionRow): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    select certificate.id from application join certificate on certificate.id = application.certificate_id
      where application.account_id = ${accountId} and application.form ->> 'dnsConnectionId' = ${id}
        and application.form ->> 'validationMethod' = 'dnsAutomatic'
        and (application.state in ('pendingValidation', 'inReview') or application.txt_remove_at is not null
          or (certificate.managed and certificate.application_id = application.id and certificate.closed_as is null
            and certificate.revoked_at is null))
      limit 1`.execute(trx)
  const [used] = rows
  if (used === undefined) return
  throw new AppError(
    'inUse',
    `Removing DNS connection ${name}: ${used.id} validates by it: wait until its application is over, apply with another connection, or end managing it.`,
    { facts: { certificateId: used.id } },
  )
}

interface DnsConnectionRow extends DnsConnectionView {
  readonly config_secret_id: string
}

async function findRow(db: Db | Trx, accountId: string, id: string, lock?: 'locked'): Promise<DnsConnectionRow> {
  let query = db
    .selectFrom('dns_connection')
    .select(['id', 'name', 'kind', 'config_secret_id'])
    .where('account_id', '=', accountId)
    .where('id', '=', id)
  if (lock !== undefined) query = query.forUpdate()
  const row = await query.executeTakeFirst()
  if (row === undefined) throw notFound('DNS connection', id)
  return row
}

/** @throws AppError `notFound`, `misconfigured` */
export async function openDnsConnection(services: Services, accountId: string, id: string | null): Promise<DnsProvider> {
  const row = await findRow(services.db, accountId, id ?? '')
  const adapter = findAdapter(services.adapters.dns, row.kind, 'DNS connection')
  const raw: unknown = JSON.parse(await services.vault.open(services.db, row.config_secret_id, 'dnsConfig'))
  return adapter.create(parseConfig(adapter, raw), services.kit)
}

/** The connections whose settings name a zone that holds all these names, wildcards too. */
export async function findCoveringConnections(
  services: Services,
  accountId: string,
  names: readonly string[],
): Promise<string[]> {
  const rows = await services.db
    .selectFrom('dns_connection')
    .select(['id', 'kind', 'config_secret_id'])
    .where('account_id', '=', accountId)
    .orderBy('name')
    .execute()
  const found: string[] = []
  for (const { id, kind, config_secret_id: secretId } of rows) {
    const adapter = findAdapter(services.adapters.dns, kind, 'DNS connection')
    const raw: unknown = JSON.parse(await services.vault.open(services.db, secretId, 'dnsConfig'))
    const zone = adapter.zoneOf(parseConfig(adapter, raw))
    if (zone !== null && names.length > 0 && names.every((name) => isInZone(name, zone))) found.push(id)
  }
  return found
}

function isInZone(name: string, zone: string): boolean {
  return `.${name}`.endsWith(`.${zone.replace(/\.$/, '').toLowerCase()}`)
}
