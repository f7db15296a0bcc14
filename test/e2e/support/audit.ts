/**
 * What is in the database after a renewal, counted: read inside the service's process, since nobody else can open the embedded database.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { sql } from 'kysely'
import { createAcmeClient, findOrdersUrl, listOrderUrls, loadAccountKey } from '@evercert/pki/acme'
import type { AccountJwk } from '@evercert/pki/acme'
import type { Services } from '../../../packages/server/src/services/context.ts'

/** Everything that belongs to the renewal of one certificate. */
export interface Audit {
  readonly renewals: readonly string[]
  readonly orders: readonly string[]
  readonly payments: readonly string[]
  /** What the renewal's orders cost the customer, one number for each ledger transaction. */
  readonly charges: readonly number[]
  /** All entries of the ledger together. */
  readonly ledgerSum: number
  /** Balance minus the sum of the customer's entries. */
  readonly balanceError: number
  /** Certificates that renew the old one. */
  readonly certificates: number
  readonly applications: readonly string[]
  /** Orders that the built-in CA has for the renewal's applications. */
  readonly builtinOrders: readonly string[]
  /** All orders of the account at the ACME CA; null without one. */
  readonly acmeOrders: number | null
  readonly issuances: readonly { readonly sha256: string; readonly keyMatches: boolean }[]
  readonly deployments: readonly string[]
  /** How often the history says that the application was issued, the certificate was served, and the renewal was closed. */
  readonly transitions: { readonly issued: number; readonly served: number; readonly closed: number }
  /** Nothing is due and no job waits or runs. */
  readonly atRest: boolean
}

export async function audit(services: Services, oldCertificateId: string): Promise<Audit> {
  const { db } = services
  const renewals = await db
    .selectFrom('renewal')
    .select(['state', 'order_id', 'new_certificate_id'])
    .where('old_certificate_id', '=', oldCertificateId)
    .execute()
  const orders = await db
    .selectFrom('order')
    .select(['id', 'state'])
    .where('renews_certificate_id', '=', oldCertificateId)
    .execute()
  const certificates = await db
    .selectFrom('certificate')
    .select('id')
    .where('renews_certificate_id', '=', oldCertificateId)
    .execute()
  const newIds = idsOf(certificates)
  const applications = await db
    .selectFrom('application')
    .select(['state', 'reference'])
    .where('certificate_id', 'in', newIds)
    .execute()
  const deployments = await db.selectFrom('deployment').select('state').where('certificate_id', 'in', newIds).execute()
  return {
    renewals: renewals.map(({ state }) => state),
    orders: orders.map(({ state }) => state),
    applications: applications.map(({ state }) => state),
    certificates: certificates.length,
    ...(await readMoney(services, idsOf(orders))),
    builtinOrders: await readBuiltinOrders(
      services,
      applications.map(({ reference }) => reference),
    ),
    acmeOrders: await countAcmeOrders(services),
    issuances: await readIssuances(services, newIds),
    deployments: deployments.map(({ state }) => state),
    transitions: await countTransitions(services, newIds),
    atRest: await isAtRest(services),
  }
}

/** Never empty, so that it can stand in an SQL list. */
function idsOf(rows: readonly { readonly id: string }[]): string[] {
  return ['none', ...rows.map(({ id }) => id)]
}

async function readMoney({ db }: Services, orderIds: readonly string[]) {
  const payments = await db.selectFrom('payment').select('state').where('order_id', 'in', orderIds).execute()
  const charges = await db
    .selectFrom('ledger_transaction')
    .innerJoin('ledger_entry', 'ledger_entry.transaction_id', 'ledger_transaction.id')
    .select('ledger_entry.amount_minor')
    .where('ledger_transaction.order_id', 'in', orderIds)
    .where('ledger_entry.ledger_account', 'like', 'customer:%')
    .execute()
  const entries = await db.selectFrom('ledger_entry').select(['ledger_account', 'amount_minor']).execute()
  const balances = await db.selectFrom('balance').select('amount_minor').execute()
  const ofCustomers = entries.filter(({ ledger_account: account }) => account.startsWith('customer:'))
  return {
    payments: payments.map(({ state }) => state),
    charges: charges.map((row) => row.amount_minor),
    ledgerSum: sumOf(entries),
    balanceError: sumOf(balances) - sumOf(ofCustomers),
  }
}

function sumOf(rows: readonly { readonly amount_minor: number }[]): number {
  return rows.reduce((sum, row) => sum + row.amount_minor, 0)
}

async function readBuiltinOrders({ db }: Services, references: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('ca_order')
    .select('state')
    .where('reference', 'in', ['none', ...references])
    .execute()
  return rows.map(({ state }) => state)
}

/** Asked of the CA itself, through our own client. */
async function countAcmeOrders(services: Services): Promise<number | null> {
  const { db, vault, kit } = services
  const issuer = await db
    .selectFrom('issuer')
    .select(['config_secret_id', 'account_secret_id'])
    .where('kind', '=', 'acme')
    .executeTakeFirst()
  if (issuer === undefined || issuer.account_secret_id === null) return null
  const config = JSON.parse(await vault.open(db, issuer.config_secret_id, 'issuerConfig')) as {
    directoryUrl: string
    caPem: string
  }
  const account = JSON.parse(await vault.open(db, issuer.account_secret_id, 'issuerAccount')) as {
    privateJwk: AccountJwk
    url: string
  }
  const client = createAcmeClient({
    directoryUrl: config.directoryUrl,
    now: services.now,
    transport: (url, { method, headers, body }) =>
      kit.fetch(url, { method, headers, caPem: config.caPem, ...(body !== null && { body }) }),
  })
  const session = { key: loadAccountKey(account.privateJwk), url: account.url }
  const ordersUrl = await findOrdersUrl(client, session)
  if (ordersUrl === null) return null
  let count = 0
  for await (const _ of listOrderUrls(client, session, ordersUrl)) count += 1
  return count
}

async function readIssuances({ db, vault }: Services, certificateIds: readonly string[]): Promise<Audit['issuances']> {
  const rows = await db
    .selectFrom('issuance')
    .leftJoin('private_key', 'private_key.id', 'issuance.private_key_id')
    .select(['issuance.sha256', 'issuance.chain_pem', 'private_key.secret_id'])
    .where('issuance.certificate_id', 'in', certificateIds)
    .execute()
  return Promise.all(
    rows.map(async ({ sha256, chain_pem: chainPem, secret_id: secretId }) => {
      const keyPem = secretId === null ? null : await vault.open(db, secretId, 'privateKey')
      return { sha256, keyMatches: keyPem !== null && new X509Certificate(chainPem).checkPrivateKey(createPrivateKey(keyPem)) }
    }),
  )
}

async function countTransitions({ db }: Services, certificateIds: readonly string[]): Promise<Audit['transitions']> {
  const rows = await db
    .selectFrom('history')
    .select(['subject', 'to_state'])
    .where('certificate_id', 'in', certificateIds)
    .execute()
  const count = (subject: string, state: string): number =>
    rows.filter((row) => row.subject === subject && row.to_state === state).length
  return {
    issued: count('application', 'issued'),
    served: count('certificate', 'served'),
    closed: count('renewal', 'closed'),
  }
}

async function isAtRest({ db }: Services): Promise<boolean> {
  const due = await db.selectFrom('certificate').select('id').where('advance_at', 'is not', null).execute()
  const jobs =
    await sql`select id from jobs.job where name = 'certificate.advance' and state in ('created', 'retry', 'active')`.execute(db)
  return due.length === 0 && jobs.rows.length === 0
}
