/**
 * Connections to DNS providers, for automatic validation.
 *
 * @module
 */
import { AppError } from '../domain/errors.ts'
import type { DnsProvider } from '../ports/dns.ts'
import { findAdapter, newId, notFound, parseConfig, parseNewConfig, type Caller, type Services } from './context.ts'

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

/** @throws AppError `notFound`, `misconfigured` */
export async function openDnsConnection(services: Services, accountId: string, id: string | null): Promise<DnsProvider> {
  const row = await services.db
    .selectFrom('dns_connection')
    .select(['kind', 'config_secret_id'])
    .where('account_id', '=', accountId)
    .where('id', '=', id ?? '')
    .executeTakeFirst()
  if (row === undefined) throw notFound('DNS connection', id ?? '')
  const adapter = findAdapter(services.adapters.dns, row.kind, 'DNS connection')
  const raw: unknown = JSON.parse(await services.vault.open(services.db, row.config_secret_id, 'dnsConfig'))
  return adapter.create(parseConfig(adapter, raw), services.kit)
}
