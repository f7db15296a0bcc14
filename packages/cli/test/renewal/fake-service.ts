/**
 * As much of the service as a renewal needs, in memory: idempotency keys, one order and one payment for each, and work that goes on by
 * itself while it is watched. The journey against the real service is in test/e2e.
 */
import {
  toProblemDocument,
  type ApplicationView,
  type CertificateDetail,
  type OrderView,
  type ProblemCode,
  type RenewalView,
} from '@evercert/contract'
import { ApiProblem, type Client } from '@evercert/contract/client'
import {
  aCertificate,
  aFreshCertificate,
  anApplication,
  anEndpoint,
  anOrder,
  aRenewal,
  aTarget,
  NEW_SHA,
  notRenewable,
} from '../builders.ts'

export interface FakeService {
  readonly client: Client
  readonly calls: readonly string[]
  readonly orders: readonly OrderView[]
  readonly payments: () => number
  readonly submissions: () => number
  /** Whether the target would take the certificate now. */
  mended: boolean
  /** Called before and after each call; throwing there is the interruption. */
  onCall: (call: string, moment: 'before' | 'after') => void
}

interface Wish {
  /** What is renewed was a renewal: the service shows that one with it, not the next. */
  readonly isRenewalItself?: boolean
  /** After the proof the site serves something else again. */
  readonly strays?: boolean
  /** The target refuses the new certificate, until it is mended and deployed to again. */
  readonly deploymentFails?: boolean
  /** Nobody is asked for attention yet. */
  readonly staysOpen?: boolean
  /** So long after it failed the service would try it again; a look later it has, and the target took it. */
  readonly retryAfterMs?: number
}

export function createFakeService(wish: Wish = {}): FakeService {
  const calls: string[] = []
  const orders: OrderView[] = []
  const answers = new Map<string, unknown>()
  let payments = 0
  let submissions = 0
  let renewal: RenewalView | null = null
  let application: ApplicationView = anApplication()
  let looks = 0
  let deployment: 'planned' | 'proved' | 'failed' = 'planned'

  const service: FakeService = {
    client: {} as Client,
    calls,
    orders,
    payments: () => payments,
    submissions: () => submissions,
    mended: wish.deploymentFails !== true,
    onCall: () => undefined,
  }

  /** What goes on by itself: a little further with every look. */
  const goOn = () => {
    looks += 1
    if (application.state === 'pendingValidation' && looks > 2) application = { ...application, state: 'inReview' }
    else if (application.state === 'inReview' && looks > 4) application = { ...application, state: 'issued' }
    else if (application.state === 'issued' && looks > 6 && renewal !== null) {
      if (deployment === 'failed' && wish.retryAfterMs !== undefined) service.mended = true
      else if (deployment !== 'planned') return
      deployment = service.mended ? 'proved' : 'failed'
      const asksNobody = wish.staysOpen === true || wish.retryAfterMs !== undefined
      renewal = { ...renewal, state: deployment === 'proved' ? 'closed' : asksNobody ? 'open' : 'attention' }
    }
  }
  const closedBefore = aRenewal({ id: 'rnw_0', oldCertificateId: 'crt_older', newCertificateId: 'crt_old', state: 'closed' })
  const old = (): CertificateDetail =>
    aCertificate({
      ...(wish.isRenewalItself === true
        ? { renewsCertificateId: 'crt_older', renewalProcess: closedBefore }
        : { renewalProcess: renewal }),
      renewedByCertificateId: renewal?.newCertificateId ?? null,
      targets: [aTarget('proved')],
      endpoints: [anEndpoint(renewal?.state === 'closed' && wish.strays !== true ? 'served' : 'oldCertificate')],
      ...(renewal === null ? {} : { renewal: notRenewable('alreadyRenewed') }),
    })
  const failing = () =>
    deployment === 'failed' ? aTarget(deployment, NEW_SHA, 'refused', wish.retryAfterMs) : aTarget(deployment, NEW_SHA)
  const fresh = () =>
    aFreshCertificate({
      renewalProcess: renewal,
      targets: wish.deploymentFails === true ? [failing()] : [],
      ...(application.state === 'issued'
        ? { sha256: NEW_SHA, status: 'issued' as const, renewal: notRenewable('renewalNotYetOpen') }
        : {}),
    })

  const api: Record<string, (input: { id?: string }) => unknown> = {
    'certificates.list': () => ({ items: renewal?.newCertificateId ? [old(), fresh()] : [old()], nextCursor: null }),
    'certificates.get': ({ id }) => {
      if (id === 'crt_old') return old()
      if (id === 'crt_new' && renewal?.newCertificateId) {
        goOn()
        return fresh()
      }
      throw problem('notFound')
    },
    'certificates.verify': () => fresh(),
    'targets.deploy': () => (deployment = 'planned'),
    'applications.get': () => application,
    'applications.check': () => application,
    'applications.submit': () => {
      if (application.state !== 'draft') throw problem('conflict')
      submissions += 1
      application = { ...application, state: 'pendingValidation' }
      return application
    },
    'quotes.create': () => aQuote(),
    'orders.list': () => ({ items: orders, nextCursor: null }),
    'orders.get': ({ id }) => orders.find((order) => order.id === id),
    'orders.place': () => {
      if (renewal !== null) throw problem('alreadyRenewed')
      const order = anOrder({ id: `ord_${orders.length + 1}` })
      orders.push(order)
      renewal = aRenewal({ orderId: order.id })
      return order
    },
    'orders.pay': ({ id }) => {
      const at = orders.findIndex((order) => order.id === id)
      const order = orders[at]
      if (order?.state !== 'placed' || renewal === null) throw problem('conflict')
      payments += 1
      renewal = { ...renewal, state: 'open', newCertificateId: 'crt_new' }
      orders[at] = { ...order, state: 'paid', certificateId: 'crt_new' }
      return orders[at]
    },
  }

  const call = (name: string) => (input: { id?: string }, options?: { context?: { idempotencyKey?: string } }) => {
    calls.push(name)
    service.onCall(name, 'before')
    const key = options?.context?.idempotencyKey
    const answer = key !== undefined && answers.has(key) ? answers.get(key) : api[name]?.(input)
    if (key !== undefined) answers.set(key, answer)
    service.onCall(name, 'after')
    return Promise.resolve(answer)
  }
  const groups = new Proxy(
    {},
    { get: (_target, group) => new Proxy({}, { get: (_inner, verb) => call(`${String(group)}.${String(verb)}`) }) },
  )
  return Object.assign(service, { client: groups as Client })
}

function problem(code: ProblemCode): ApiProblem {
  return new ApiProblem(toProblemDocument(code, `Refused: ${code}.`))
}

export function aQuote() {
  const { productId, specification, domainCount, termYears, price, listPrice, discount } = anOrder()
  return {
    kind: 'renewal' as const,
    productId,
    specification,
    domainCount,
    termYears,
    price,
    listPrice,
    discount,
    currencies: [price.currency],
    sameSpecification: true,
    changed: [],
    unknown: [],
    notCarriedOver: null,
    comparison: { en: 'All four attributes match.', zh: '四项规格均一致。' },
    topUp: {
      granted: true,
      days: 12,
      entitledUntil: '2027-12-05T06:00:00.000Z',
      certificateUntil: '2027-12-05T06:00:00.000Z',
      shortfallDays: 0,
      lostDays: 0,
      explanation: { en: '', zh: '' },
    },
    estimate: { en: '5 to 10 minutes', zh: '5 至 10 分钟' },
  }
}
