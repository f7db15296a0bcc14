/** Builders of views: everything has a default, a test says only what it is about. */
import type {
  ApplicationView,
  CertificateDetail,
  EndpointView,
  ListedCertificate,
  OrderView,
  RenewalView,
  TargetView,
} from '@evercert/contract'
import type { Shell } from '../src/session.ts'

const AT = '2026-11-23T06:00:00.000Z'
export const OLD_SHA = 'a'.repeat(64)
export const NEW_SHA = 'b'.repeat(64)

export function aCertificate(wish: Partial<CertificateDetail> = {}): CertificateDetail {
  return {
    id: 'crt_old',
    name: 'shop.example.com',
    origin: 'purchased',
    managed: false,
    management: null,
    status: 'expiringSoon',
    statusText: { en: 'Expiring soon', zh: '即将过期' },
    domains: ['shop.example.com'],
    tags: [],
    productId: 'evercert-private-dv-single',
    specification: { domainType: 'single', certificateType: 'DV', grade: 'standard', brand: 'Evercert Private CA' },
    knownSpecification: { domainType: 'single', certificateType: 'DV', grade: 'standard', brand: 'Evercert Private CA' },
    sha256: OLD_SHA,
    serial: '01',
    issuer: 'CN=Evercert',
    notBefore: '2025-12-05T06:00:00.000Z',
    notAfter: '2026-12-05T06:00:00.000Z',
    daysLeft: 12,
    isNew: false,
    renewsCertificateId: null,
    renewedByCertificateId: null,
    orderId: 'ord_first',
    entitlement: { termYears: 1, entitledUntil: '2026-12-05T06:00:00.000Z', toppedUpDays: 0, shortfallDays: 0, endedAt: null },
    renewal: { eligible: true, action: 'renew', reasons: [], opensAt: AT, daysUntilOpen: 0 },
    nextStep: { code: 'renew', mover: 'user', text: { en: 'Renew it.', zh: '请续费。' }, at: null },
    estimate: null,
    servedAt: AT,
    createdAt: AT,
    revocationCheck: null,
    ipAddresses: [],
    chainPem: null,
    issuances: [],
    lineage: { members: [], earlier: 0, later: 0 },
    renewalProcess: null,
    targets: [],
    endpoints: [],
    history: [],
    ...wish,
  }
}

/** As a row of the list. */
export function aListed(wish: Partial<CertificateDetail> = {}, under: readonly CertificateDetail[] = []): ListedCertificate {
  return { ...aCertificate(wish), under: [...under] }
}

/** The renewal's certificate: not issued unless the wish says so. */
export function aFreshCertificate(wish: Partial<CertificateDetail> = {}): CertificateDetail {
  return aCertificate({
    id: 'crt_new',
    status: 'pendingApplication',
    isNew: true,
    renewsCertificateId: 'crt_old',
    sha256: null,
    notBefore: null,
    notAfter: null,
    daysLeft: null,
    renewal: notRenewable('certificateNotIssued'),
    ...wish,
  })
}

export function notRenewable(code: CertificateDetail['renewal']['reasons'][number]['code']): CertificateDetail['renewal'] {
  const reasons = [{ code, text: { en: `Because ${code}.`, zh: `因为 ${code}。` }, facts: {} }]
  return { eligible: false, action: null, reasons, opensAt: null, daysUntilOpen: null }
}

export function aRenewal(wish: Partial<RenewalView> = {}): RenewalView {
  return {
    id: 'rnw_1',
    oldCertificateId: 'crt_old',
    newCertificateId: null,
    orderId: 'ord_1',
    state: 'ordered',
    closedAt: null,
    ...wish,
  }
}

export function anOrder(wish: Partial<OrderView> = {}): OrderView {
  return {
    id: 'ord_1',
    kind: 'renewal',
    state: 'placed',
    productId: 'evercert-private-dv-single',
    specification: { domainType: 'single', certificateType: 'DV', grade: 'standard', brand: 'Evercert Private CA' },
    domainCount: 1,
    termYears: 1,
    price: { amountMinor: 10_000, currency: 'CNY' },
    listPrice: { amountMinor: 10_000, currency: 'CNY' },
    discount: null,
    renewsCertificateId: 'crt_old',
    certificateId: null,
    placedAt: AT,
    paidAt: null,
    nextStep: { code: 'pay', mover: 'user', text: { en: 'Pay it.', zh: '请支付。' }, at: null },
    ...wish,
  }
}

export function anApplication(wish: Partial<ApplicationView> = {}): ApplicationView {
  return {
    certificateId: 'crt_new',
    id: null,
    state: 'draft',
    form: {
      domains: ['shop.example.com'],
      validationMethod: 'file',
      dnsConnectionId: null,
      contact: null,
      contactId: null,
      location: null,
      companyId: null,
      superior: null,
      key: 'p256',
      csrPem: null,
      csrId: null,
      hostKey: null,
    },
    prefilledFrom: 'crt_old',
    applicant: null,
    review: null,
    estimate: null,
    validations: [],
    problem: null,
    retryAt: null,
    submittedAt: null,
    ...wish,
  }
}

/** @param retryAfterMs of what failed and is tried again by itself */
export function aTarget(
  state: string | null,
  sha256 = NEW_SHA,
  problem: string | null = null,
  retryAfterMs: number | null = null,
): TargetView {
  const common = {
    id: 'dep_1',
    issuanceSha256: sha256,
    underWay: state === 'planned',
    log: [],
    advice: null,
    warning: null,
    unprovable: null,
    retryAt: retryAfterMs === null ? null : new Date(Date.parse(AT) + retryAfterMs).toISOString(),
    updatedAt: AT,
  }
  const deployment = state === null ? null : { ...common, state, problem }
  return { id: 'tgt_1', certificateId: 'crt_old', name: 'nginx', kind: 'localFiles', canary: false, probe: null, deployment }
}

export function anEndpoint(verdict: EndpointView['observations'][number]['verdict'] | null): EndpointView {
  const observation = {
    address: '192.0.2.1',
    keyKind: 'ecdsa' as const,
    sha256: NEW_SHA,
    chainSha256: [],
    notBefore: null,
    notAfter: null,
    cause: { en: 'A cause.', zh: '原因。' },
    remedy: { en: 'A remedy.', zh: '处理。' },
    observedAt: AT,
  }
  const observations = verdict === null ? [] : [{ ...observation, verdict }]
  return {
    id: 'end_1',
    certificateId: 'crt_old',
    host: 'shop.example.com',
    port: 443,
    serverName: 'shop.example.com',
    protocol: 'tls',
    keyKind: 'ecdsa',
    verdict,
    probedAt: verdict === null ? null : AT,
    nextProbeAt: null,
    provedAt: null,
    strayedAt: null,
    observations,
  }
}

export interface TestShell extends Shell {
  readonly out: () => string
  readonly err: () => string
  /** Ctrl-C. */
  readonly interrupt: () => void
}

export function aShell(
  env: NodeJS.ProcessEnv = {},
  wish: { readonly isTTY?: boolean; readonly columns?: number } = {},
): TestShell {
  let out = ''
  let err = ''
  let handler: () => void = () => undefined
  return {
    env: { HOME: '/nonexistent', EVERCERT_DATA_DIR: '/nonexistent', ...env },
    stdout: { write: (text) => (out += text), ...wish },
    stderr: { write: (text) => (err += text), ...wish },
    readInput: () => Promise.resolve(''),
    interactive: false,
    select: () => Promise.resolve(null),
    now: () => Date.parse(AT),
    onInterrupt: (next) => {
      handler = next
      return () => undefined
    },
    out: () => out,
    err: () => err,
    interrupt: () => handler(),
  }
}
