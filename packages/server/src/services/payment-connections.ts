/**
 * Connections to payment providers: of the installation, set up by its operator, used by every account.
 *
 * @module
 */
import type { PaymentConnectionDetail, PaymentConnectionView } from '@evercert/contract'
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import type { PaymentAdapter, PaymentProvider } from '../ports/payment.ts'
import { findAdapter, notFound, parseConfig, parseNewConfig, type Services } from './context.ts'
import { withKeptSecrets, withoutSecrets } from './secret-settings.ts'

export interface NewPaymentConnection {
  readonly id: string
  readonly title: string
  readonly kind: string
  readonly config: unknown
}

/** @throws AppError `invalid`, `misconfigured` (kind), `duplicateName` */
export async function createPaymentConnection(
  services: Services,
  { id, title, kind, config }: NewPaymentConnection,
): Promise<PaymentConnectionView> {
  if (id === 'balance')
    throw new AppError('duplicateName', 'Connecting balance: it is there already: choose another id.', {
      facts: { field: 'id' },
    })
  parseNewConfig(findAdapter(services.adapters.payment, kind, 'payment'), config)
  await services.db.transaction().execute(async (trx) => {
    const result = await trx
      .insertInto('payment_connection')
      .values({
        id,
        title,
        kind,
        config_secret_id: await seal(services, trx, config),
        created_at: new Date(services.now()),
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .executeTakeFirst()
    if (result.numInsertedOrUpdatedRows === 1n) return
    throw new AppError('duplicateName', `Connecting ${id}: there is a payment connection with this id: choose another.`, {
      facts: { field: 'id' },
    })
  })
  return toView(services, { id, title, kind, enabled: true })
}

export interface PaymentConnectionChange {
  readonly title?: string | undefined
  /** All settings anew, except for secrets that are left out: those stay. */
  readonly config?: Record<string, unknown> | undefined
  readonly enabled?: boolean | undefined
}

/** Payments that are open go on with the new settings. @throws AppError `notFound`, `invalid` */
export async function updatePaymentConnection(
  services: Services,
  id: string,
  change: PaymentConnectionChange,
): Promise<PaymentConnectionView> {
  const { title, config, enabled } = change
  await services.db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('payment_connection')
      .select(['kind', 'config_secret_id'])
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (row === undefined) throw notFound('payment connection', id)
    const adapter = findAdapter(services.adapters.payment, row.kind, 'payment')
    const old: unknown = JSON.parse(await services.vault.open(trx, row.config_secret_id, 'paymentConfig'))
    const settings = config === undefined ? undefined : withKeptSecrets(adapter.config, config, old)
    if (settings !== undefined) parseNewConfig(adapter, settings)
    await trx
      .updateTable('payment_connection')
      .set({
        id,
        ...(title !== undefined && { title }),
        ...(enabled !== undefined && { enabled }),
        ...(settings !== undefined && { config_secret_id: await seal(services, trx, settings) }),
      })
      .where('id', '=', id)
      .execute()
    if (settings !== undefined) await trx.deleteFrom('secret').where('id', '=', row.config_secret_id).execute()
  })
  return toView(services, await loadConnection(services, id))
}

/** With its settings, without their secrets. @throws AppError `notFound` */
export async function loadPaymentConnectionDetail(services: Services, id: string): Promise<PaymentConnectionDetail> {
  const row = await loadConnection(services, id)
  const raw: unknown = JSON.parse(await services.vault.open(services.db, row.config_secret_id, 'paymentConfig'))
  const { config, secretsSet } = withoutSecrets(findAdapter(services.adapters.payment, row.kind, 'payment').config, raw)
  return { ...toView(services, row), config, secretsSet: [...secretsSet] }
}

/** One by which somebody paid stays on record: take no new payments by it instead. @throws AppError `notFound`, `inUse` */
export async function removePaymentConnection(services: Services, id: string): Promise<{ id: string }> {
  await services.db.transaction().execute(async (trx) => {
    const row = await trx
      .selectFrom('payment_connection')
      .select('config_secret_id')
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (row === undefined) throw notFound('payment connection', id)
    const used = await trx.selectFrom('payment').select('id').where('connection_id', '=', id).limit(1).executeTakeFirst()
    if (used !== undefined) {
      throw new AppError('inUse', `Removing payment connection ${id}: payments on record were made by it: disable it instead.`)
    }
    await trx.deleteFrom('payment_connection').where('id', '=', id).execute()
    await trx.deleteFrom('secret').where('id', '=', row.config_secret_id).execute()
  })
  return { id }
}

function seal(services: Services, trx: Trx, config: unknown): Promise<string> {
  return services.vault.seal(trx, {
    purpose: 'paymentConfig',
    accountId: null,
    plaintext: JSON.stringify(config),
    now: services.now(),
  })
}

export async function listPaymentConnections(services: Services): Promise<PaymentConnectionView[]> {
  const rows = await services.db
    .selectFrom('payment_connection')
    .select(['id', 'title', 'kind', 'enabled'])
    .orderBy('id')
    .execute()
  return rows.map((row) => toView(services, row))
}

export interface OpenPaymentConnection {
  readonly id: string
  readonly enabled: boolean
  readonly adapter: PaymentAdapter
  readonly lifeMs: number
  readonly provider: PaymentProvider
}

/** Also one that takes no new payments: those that are open are read by it. @throws AppError `notFound`, `misconfigured`, `invalid` */
export async function openPaymentConnection(services: Services, id: string): Promise<OpenPaymentConnection> {
  const { kind, enabled, config_secret_id: secretId } = await loadConnection(services, id)
  const adapter = findAdapter(services.adapters.payment, kind, 'payment')
  const raw: unknown = JSON.parse(await services.vault.open(services.db, secretId, 'paymentConfig'))
  const config = parseConfig(adapter, raw)
  return { id, enabled, adapter, lifeMs: adapter.lifeMs(config), provider: adapter.create(config, services.kit) }
}

async function loadConnection(services: Services, id: string) {
  const row = await services.db
    .selectFrom('payment_connection')
    .select(['id', 'title', 'kind', 'enabled', 'config_secret_id'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) throw notFound('payment connection', id)
  return row
}

/** Where a provider reports to; null while the service has no public address. */
export function callbackUrlOf(services: Services, connectionId: string): string | null {
  return services.publicUrl === null ? null : `${services.publicUrl}/callbacks/payments/${connectionId}`
}

function toView(
  services: Services,
  { id, title, kind, enabled }: Omit<PaymentConnectionView, 'callbackUrl'>,
): PaymentConnectionView {
  return { id, title, kind, enabled, callbackUrl: callbackUrlOf(services, id) }
}
