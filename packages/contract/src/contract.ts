/**
 * Every operation of the API, declared once: the server implements it, clients call it, openapi.json is made from it.
 *
 * @module
 */
import { oc } from '@orpc/contract'
import { z } from 'zod'
import type { Scope } from './scopes.ts'
import {
  applicationForm,
  applicationView,
  balanceView,
  certificateDetail,
  certificateStatus,
  certificateView,
  endpointView,
  id,
  issuerView,
  orderRequest,
  orderView,
  page,
  productView,
  quoteView,
  renewalView,
  targetView,
} from './views.ts'

/** What one middleware enforces for each operation. */
export interface OperationMeta {
  readonly scope: Scope
  /** Takes an `Idempotency-Key` header: the same key and request give the same answer, and one effect. */
  readonly idempotent?: boolean
}

/** The metadata of one operation, which the server's middleware reads. */
interface ContractMeta extends Record<string, unknown> {
  readonly operation?: OperationMeta
}

const operation = oc.$meta<ContractMeta>({}).$route({ inputStructure: 'compact' })

function read(path: `/${string}`, tag: string, summary: string, scope: Scope) {
  return operation.meta({ operation: { scope } }).route({ method: 'GET', path, tags: [tag], summary })
}

function write(
  path: `/${string}`,
  tag: string,
  summary: string,
  scope: Scope,
  options: { idempotent?: boolean; created?: boolean } = {},
) {
  return operation
    .meta({ operation: { scope, idempotent: options.idempotent ?? false } })
    .route({ method: 'POST', path, tags: [tag], summary, successStatus: options.created ? 201 : 200 })
}

function remove(path: `/${string}`, tag: string, summary: string, scope: Scope) {
  return operation.meta({ operation: { scope } }).route({ method: 'DELETE', path, tags: [tag], summary })
}

const byId = z.strictObject({ id })
const paging = { cursor: z.string().max(512).optional(), limit: z.coerce.number().int().min(1).max(200).default(50) }

export const contract = {
  certificates: {
    list: read(
      '/certificates',
      'Certificates',
      'List certificates; a renewal directly under the one it renews',
      'certificates:read',
    )
      .input(
        z.strictObject({
          ...paging,
          status: certificateStatus.optional(),
          search: z.string().max(253).optional().meta({ description: 'Part of a name or domain' }),
        }),
      )
      .output(page(certificateView)),
    get: read(
      '/certificates/{id}',
      'Certificates',
      'One certificate with its chain, targets, endpoints and history',
      'certificates:read',
    )
      .input(byId)
      .output(certificateDetail),
    upload: write('/certificates', 'Certificates', 'Upload a certificate bought elsewhere', 'certificates:write', {
      created: true,
    })
      .input(
        z.strictObject({
          name: z.string().trim().min(1).max(64),
          certificatePem: z.string().min(1).max(262_144).meta({ description: 'Leaf first, then intermediates' }),
          privateKeyPem: z
            .string()
            .min(1)
            .max(65_536)
            .meta({ description: 'Without passphrase; encrypted at rest, never shown again' }),
        }),
      )
      .output(certificateDetail),
    verify: write('/certificates/{id}/verify', 'Certificates', 'Probe every address of its endpoints now', 'certificates:write')
      .input(byId)
      .output(certificateDetail),
  },
  applications: {
    get: read(
      '/certificates/{id}/application',
      'Applications',
      'The application in progress, or the prefilled form',
      'certificates:read',
    )
      .input(byId)
      .output(applicationView),
    submit: write('/certificates/{id}/application', 'Applications', 'Submit the application', 'certificates:write', {
      created: true,
    })
      .input(applicationForm.extend({ id }))
      .output(applicationView),
    check: write('/certificates/{id}/application/check', 'Applications', 'Check the domain validation now', 'certificates:write')
      .input(byId)
      .output(applicationView),
    withdraw: write('/certificates/{id}/application/withdraw', 'Applications', 'Withdraw the application', 'certificates:write')
      .input(byId)
      .output(applicationView),
  },
  products: {
    list: read('/products', 'Orders', 'The catalogue with prices', 'orders:read').output(page(productView)),
    create: write('/products', 'Orders', 'Add a product to the catalogue (operator)', 'installation:operate', { created: true })
      .input(
        productView
          .omit({ issuerTitle: true, validityRule: true })
          .extend({ id: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/) })
          .strict(),
      )
      .output(productView),
  },
  quotes: {
    create: write('/quotes', 'Orders', 'Price, top-up and what a changed specification loses; nothing is bought', 'orders:read')
      .input(orderRequest)
      .output(quoteView),
  },
  orders: {
    list: read('/orders', 'Orders', 'List orders, newest first', 'orders:read')
      .input(z.strictObject(paging))
      .output(page(orderView)),
    get: read('/orders/{id}', 'Orders', 'One order', 'orders:read').input(byId).output(orderView),
    place: write('/orders', 'Orders', 'Place an order; a renewal reserves the old certificate', 'orders:write', {
      idempotent: true,
      created: true,
    })
      .input(orderRequest)
      .output(orderView),
    pay: write('/orders/{id}/pay', 'Orders', 'Pay from the balance; the new certificate appears', 'orders:write', {
      idempotent: true,
    })
      .input(z.strictObject({ id, method: z.literal('balance').default('balance') }))
      .output(orderView),
    cancel: write('/orders/{id}/cancel', 'Orders', 'Cancel an unpaid order', 'orders:write').input(byId).output(orderView),
  },
  renewals: {
    get: read('/renewals/{id}', 'Orders', 'One renewal', 'orders:read').input(byId).output(renewalView),
  },
  balance: {
    get: read('/balance', 'Balance', 'The balance and its latest entries', 'orders:read').output(balanceView),
    topUp: write('/balance/top-ups', 'Balance', 'Record money received (operator)', 'installation:operate', {
      idempotent: true,
      created: true,
    })
      .input(
        z.strictObject({
          amountMinor: z.int().min(1).max(1_000_000_000_00),
          currency: z.string().regex(/^[A-Z]{3}$/),
          note: z.string().max(200).optional(),
        }),
      )
      .output(balanceView),
  },
  targets: {
    list: read('/targets', 'Targets', 'List deployment targets', 'targets:read').output(page(targetView)),
    create: write('/targets', 'Targets', 'Add a target; it may run commands on the server (operator)', 'installation:operate', {
      created: true,
    })
      .input(
        z.strictObject({
          certificateId: id,
          name: z.string().trim().min(1).max(64),
          kind: z.string().min(1).max(32),
          config: z.record(z.string(), z.unknown()),
        }),
      )
      .output(targetView),
    deploy: write('/targets/{id}/deploy', 'Targets', 'Deploy again what failed or was rolled back', 'targets:write')
      .input(byId)
      .output(targetView),
    remove: remove('/targets/{id}', 'Targets', 'Forget a target; what is installed there stays', 'targets:write')
      .input(byId)
      .output(byId),
  },
  endpoints: {
    list: read('/endpoints', 'Endpoints', 'List endpoints with the latest proof of each address', 'targets:read').output(
      page(endpointView),
    ),
    create: write('/endpoints', 'Endpoints', 'Add an endpoint to prove', 'targets:write', { created: true })
      .input(
        z.strictObject({
          certificateId: id,
          host: z.string().min(1).max(253),
          port: z.int().min(1).max(65_535).default(443),
          serverName: z.string().min(1).max(253).optional(),
        }),
      )
      .output(endpointView),
    remove: remove('/endpoints/{id}', 'Endpoints', 'Forget an endpoint and its proof', 'targets:write').input(byId).output(byId),
  },
  issuers: {
    list: read('/issuers', 'Issuers', 'List certificate authorities', 'orders:read').output(page(issuerView)),
    create: write('/issuers', 'Issuers', 'Connect a certificate authority (operator)', 'installation:operate', { created: true })
      .input(
        z.strictObject({
          id: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
          title: z.string().trim().min(1).max(64),
          kind: z.string().min(1).max(32),
          config: z.record(z.string(), z.unknown()),
          rootPem: z.string().max(65_536).optional().meta({ description: 'Root trusted when sites of this issuer are proved' }),
        }),
      )
      .output(issuerView),
  },
  dnsConnections: {
    list: read('/dns-connections', 'DNS', 'List DNS connections', 'targets:read').output(
      page(z.object({ id, name: z.string(), kind: z.string() })),
    ),
    create: write('/dns-connections', 'DNS', 'Connect a DNS provider for automatic validation', 'targets:write', {
      created: true,
    })
      .input(
        z.strictObject({
          name: z.string().trim().min(1).max(64),
          kind: z.string().max(32),
          config: z.record(z.string(), z.unknown()),
        }),
      )
      .output(z.object({ id, name: z.string(), kind: z.string() })),
  },
} as const

export type Contract = typeof contract
