/**
 * The contract's operations, each one line to its service. Permission is checked once, from the contract's own declaration.
 *
 * @module
 */
import { implement } from '@orpc/server'
import { contract } from '@evercert/contract'
import { checkInput } from './check-input.ts'
import { requireScope } from '../services/accounts.ts'
import { checkApplication, loadApplicationView, submitApplication, withdrawApplication } from '../services/applications.ts'
import { createIssuer, createProduct, listIssuers, listProducts, toProductView } from '../services/catalogue.ts'
import { listCertificateViews, loadCertificateDetail, uploadCertificate } from '../services/certificates.ts'
import type { Caller, Services } from '../services/context.ts'
import { createDnsConnection, listDnsConnections } from '../services/dns-connections.ts'
import { createEndpoint, listEndpointViews, removeEndpoint } from '../services/endpoints.ts'
import { runOnce } from '../services/idempotency.ts'
import { cancelOrder, createQuote, listOrders, loadOrder, placeOrder } from '../services/orders.ts'
import { loadBalance, payOrder, topUpBalance } from '../services/payments.ts'
import { loadRenewal } from '../services/renewals.ts'
import { createTarget, deployAgain, listTargetViews, removeTarget } from '../services/targets.ts'
import { verifyCertificate } from '../services/verify.ts'

/** What each request carries to its operation. */
export interface RequestContext {
  readonly services: Services
  readonly caller: Caller
  readonly idempotencyKey: string | null
  readonly requestId: string
  /** Set once the request was read: a syntax error before that is the caller's, after that ours. */
  readonly progress: { isRead: boolean }
}

const operations = implement(contract)
  .$context<RequestContext>()
  .use(({ context, procedure, next }, input: unknown) => {
    context.progress.isRead = true
    const { operation } = procedure['~orpc'].meta
    if (operation === undefined) throw new Error('an operation of the contract declares no scope')
    requireScope(context.caller, operation.scope)
    checkInput(input)
    return next()
  })

const onePage = <Item>(items: readonly Item[]) => ({ items: [...items], nextCursor: null })

const call = (context: RequestContext, operation: string, request: unknown) => ({
  key: context.idempotencyKey,
  operation,
  request,
})

export const router = operations.router({
  certificates: {
    list: operations.certificates.list.handler(({ context: { services, caller }, input }) =>
      listCertificateViews(services, caller, input),
    ),
    get: operations.certificates.get.handler(({ context: { services, caller }, input }) =>
      loadCertificateDetail(services, caller, input.id),
    ),
    upload: operations.certificates.upload.handler(({ context: { services, caller }, input }) =>
      uploadCertificate(services, caller, input),
    ),
    verify: operations.certificates.verify.handler(({ context: { services, caller }, input }) =>
      verifyCertificate(services, caller, input.id),
    ),
  },
  applications: {
    get: operations.applications.get.handler(({ context: { services, caller }, input }) =>
      loadApplicationView(services, caller, input.id),
    ),
    submit: operations.applications.submit.handler(({ context: { services, caller }, input: { id, ...form } }) =>
      submitApplication(services, caller, id, form),
    ),
    check: operations.applications.check.handler(({ context: { services, caller }, input }) =>
      checkApplication(services, caller, input.id),
    ),
    withdraw: operations.applications.withdraw.handler(({ context: { services, caller }, input }) =>
      withdrawApplication(services, caller, input.id),
    ),
  },
  products: {
    list: operations.products.list.handler(async ({ context: { services } }) =>
      onePage((await listProducts(services)).map((product) => toProductView(product))),
    ),
    create: operations.products.create.handler(async ({ context: { services }, input }) =>
      toProductView(await createProduct(services, input)),
    ),
  },
  quotes: {
    create: operations.quotes.create.handler(({ context: { services, caller }, input }) => createQuote(services, caller, input)),
  },
  orders: {
    list: operations.orders.list.handler(({ context: { services, caller }, input }) =>
      listOrders(services, caller, { cursor: input.cursor, limit: input.limit }),
    ),
    get: operations.orders.get.handler(({ context: { services, caller }, input }) => loadOrder(services.db, caller, input.id)),
    place: operations.orders.place.handler(({ context, input }) =>
      runOnce(context.services, context.caller, call(context, 'orders.place', input), (trx) =>
        placeOrder(context.services, trx, context.caller, input),
      ),
    ),
    pay: operations.orders.pay.handler(({ context, input }) =>
      runOnce(context.services, context.caller, call(context, 'orders.pay', input), (trx) =>
        payOrder(context.services, trx, context.caller, input.id),
      ),
    ),
    cancel: operations.orders.cancel.handler(({ context: { services, caller }, input }) =>
      cancelOrder(services, caller, input.id),
    ),
  },
  renewals: {
    get: operations.renewals.get.handler(({ context: { services, caller }, input }) => loadRenewal(services, caller, input.id)),
  },
  balance: {
    get: operations.balance.get.handler(({ context: { services, caller } }) => loadBalance(services.db, caller)),
    topUp: operations.balance.topUp.handler(({ context, input }) =>
      runOnce(context.services, context.caller, call(context, 'balance.topUp', input), (trx) =>
        topUpBalance(context.services, trx, context.caller, {
          amountMinor: input.amountMinor,
          currency: input.currency,
          note: input.note ?? null,
          reference: context.idempotencyKey ?? context.requestId,
        }),
      ),
    ),
  },
  targets: {
    list: operations.targets.list.handler(async ({ context: { services, caller } }) =>
      onePage(await listTargetViews(services, caller, null)),
    ),
    create: operations.targets.create.handler(({ context: { services, caller }, input }) =>
      createTarget(services, caller, input),
    ),
    remove: operations.targets.remove.handler(({ context: { services, caller }, input }) =>
      removeTarget(services, caller, input.id),
    ),
    deploy: operations.targets.deploy.handler(({ context: { services, caller }, input }) =>
      deployAgain(services, caller, input.id),
    ),
  },
  endpoints: {
    remove: operations.endpoints.remove.handler(({ context: { services, caller }, input }) =>
      removeEndpoint(services, caller, input.id),
    ),
    list: operations.endpoints.list.handler(async ({ context: { services, caller } }) =>
      onePage(await listEndpointViews(services, caller, null)),
    ),
    create: operations.endpoints.create.handler(({ context: { services, caller }, input }) =>
      createEndpoint(services, caller, input),
    ),
  },
  issuers: {
    list: operations.issuers.list.handler(async ({ context: { services } }) => onePage(await listIssuers(services))),
    create: operations.issuers.create.handler(({ context: { services }, input }) => createIssuer(services, input)),
  },
  dnsConnections: {
    list: operations.dnsConnections.list.handler(async ({ context: { services, caller } }) =>
      onePage(await listDnsConnections(services, caller)),
    ),
    create: operations.dnsConnections.create.handler(({ context: { services, caller }, input }) =>
      createDnsConnection(services, caller, input),
    ),
  },
})
