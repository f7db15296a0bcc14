/**
 * What an operator changes of an issuer at run time. Which CA it is stays: certificates were sold by it.
 *
 * @module
 */
import type { IssuerDetail } from '@evercert/contract'
import { parseCertificate } from '@evercert/pki'
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import type { CaAdapter } from '../ports/ca.ts'
import { listIssuers } from './catalogue.ts'
import { findAdapter, notFound, parseNewConfig, type Services } from './context.ts'
import { readPki } from './read-pki.ts'
import { withKeptSecrets, withoutSecrets } from './secret-settings.ts'

export interface IssuerChange {
  readonly title?: string | undefined
  /** All settings anew, except for secrets that are left out: those stay. */
  readonly config?: Record<string, unknown> | undefined
  /** Null: none besides the system's. */
  readonly rootPem?: string | null | undefined
}

/** With its settings, without their secrets. @throws AppError `notFound` */
export async function loadIssuer(services: Services, id: string): Promise<IssuerDetail> {
  const { vault, db } = services
  const row = await db.selectFrom('issuer').select(['kind', 'config_secret_id']).where('id', '=', id).executeTakeFirst()
  const view = (await listIssuers(services)).find((issuer) => issuer.id === id)
  if (row === undefined || view === undefined) throw notFound('issuer', id)
  const raw: unknown = JSON.parse(await vault.open(db, row.config_secret_id, 'issuerConfig'))
  const { config, secretsSet } = withoutSecrets(findAdapter(services.adapters.ca, row.kind, 'issuer').config, raw)
  return { ...view, config, secretsSet: [...secretsSet] }
}

/**
 * Applications under way go on with the new settings.
 *
 * @throws AppError `notFound`, `invalid` (settings, or another CA), `badCertificate` (root), `conflict` (settings of a built-in CA)
 */
export async function updateIssuer(services: Services, id: string, change: IssuerChange): Promise<IssuerDetail> {
  const { title, config, rootPem } = change
  if (typeof rootPem === 'string') readPki('badCertificate', () => parseCertificate(rootPem))
  await services.db.transaction().execute(async (trx) => {
    const row = await lockIssuer(trx, id)
    const secretId = config === undefined ? null : await sealSettings(services, trx, { id, ...row, wanted: config })
    await trx
      .updateTable('issuer')
      .set({
        id,
        ...(title !== undefined && { title }),
        ...(rootPem !== undefined && { root_pem: rootPem }),
        ...(secretId !== null && { config_secret_id: secretId }),
      })
      .where('id', '=', id)
      .execute()
    if (secretId !== null) await trx.deleteFrom('secret').where('id', '=', row.config_secret_id).execute()
  })
  return loadIssuer(services, id)
}

interface SettingsChange {
  readonly id: string
  readonly kind: string
  readonly config_secret_id: string
  readonly wanted: Record<string, unknown>
}

async function sealSettings(services: Services, trx: Trx, { id, kind, wanted, ...row }: SettingsChange): Promise<string> {
  const adapter = findAdapter(services.adapters.ca, kind, 'issuer')
  refuseIfFromEnvironment(adapter, id)
  const old: unknown = JSON.parse(await services.vault.open(trx, row.config_secret_id, 'issuerConfig'))
  const settings = withKeptSecrets(adapter.config, wanted, old)
  const [next, before] = [readSettings(services, adapter, settings), readSettings(services, adapter, old)]
  const changed = (adapter.identity ?? []).filter((name) => next.config[name] !== before.config[name])
  if (next.validityRule !== before.validityRule) changed.push('validityRule')
  if (changed.length > 0) {
    const names = [...new Set(changed)].join(', ')
    throw new AppError(
      'invalid',
      `Changing issuer ${id}: ${names} would make it another CA than certificates were sold by: connect that one as another issuer.`,
      { facts: { field: names } },
    )
  }
  return services.vault.seal(trx, {
    purpose: 'issuerConfig',
    accountId: null,
    plaintext: JSON.stringify(settings),
    now: services.now(),
  })
}

/** @throws AppError `invalid` */
function readSettings(services: Services, adapter: CaAdapter, raw: unknown) {
  const config = parseNewConfig(adapter, raw)
  const { validityRule } = adapter.create(config, services.kit).capabilities
  return { config: config as Readonly<Record<string, unknown>>, validityRule }
}

/** Written anew at each start, from the settings of the installation. */
function refuseIfFromEnvironment(adapter: CaAdapter, id: string): void {
  if (adapter.settingsFromEnvironment !== true) return
  throw new AppError(
    'conflict',
    `Changing issuer ${id}: the settings of a built-in CA come from the environment (EVERCERT_PUBLIC_URL and others): change them there.`,
  )
}

/** No orders from now on; what was sold is issued, reissued and revoked as before. Idempotent. @throws AppError `notFound` */
export function retireIssuer(services: Services, id: string): Promise<IssuerDetail> {
  return setRetiredAt(services, id, new Date(services.now()))
}

/** Idempotent. @throws AppError `notFound` */
export function restoreIssuer(services: Services, id: string): Promise<IssuerDetail> {
  return setRetiredAt(services, id, null)
}

async function setRetiredAt(services: Services, id: string, retiredAt: Date | null): Promise<IssuerDetail> {
  await services.db.transaction().execute(async (trx) => {
    await lockIssuer(trx, id)
    let change = trx.updateTable('issuer').set({ retired_at: retiredAt }).where('id', '=', id)
    if (retiredAt !== null) change = change.where('retired_at', 'is', null) // the first time counts
    await change.execute()
  })
  return loadIssuer(services, id)
}

async function lockIssuer(trx: Trx, id: string): Promise<{ kind: string; config_secret_id: string }> {
  const row = await trx
    .selectFrom('issuer')
    .select(['kind', 'config_secret_id'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (row === undefined) throw notFound('issuer', id)
  return row
}
