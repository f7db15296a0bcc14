/**
 * A certificate authority inside Evercert: for demonstrations, tests and private networks. It validates like a public one before it
 * signs. Everything it must remember is in the store; an instance keeps only its imported key.
 *
 * @module
 */
import { randomBytes, randomUUID, X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../../../domain/errors.ts'
import { caAdapter, type Ca, type CaOrder, type CaOrderRequest, type RevocationReason } from '../../../ports/ca.ts'
import type { AdapterKit, BuiltinChallenge, BuiltinOrder } from '../../../ports/kit.ts'
import { loadAuthority, type Authority } from './authority.ts'
import { checkCsr, csrSha256, decideIntent, signLeaf, type Publication } from './issue.ts'
import { createOrder, lapseOf, namesOf, toCaOrder, withVerdict } from './orders.ts'
import { lookForProof } from './validate.ts'

const port = z.int().min(1).max(65_535)

/** The settings of one built-in CA. `maxDays` counts for `private` only; `public` follows the Baseline Requirements' caps. */
const builtinConfig = z.object({
  authorityId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  organisation: z.string().min(1).max(64).default('Evercert'),
  validityRule: z.enum(['public', 'private']),
  maxDays: z.int().min(1).max(3650).default(3650),
  fileValidationPorts: z
    .object({ http: port.default(80), https: port.nullable().default(443) })
    .default({ http: 80, https: 443 }),
  publicUrl: z.url({ protocol: /^https?$/ }),
})

type BuiltinConfig = z.infer<typeof builtinConfig>

const REASON_CODES: Readonly<Record<RevocationReason, number>> = {
  unspecified: 0,
  keyCompromise: 1,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
}
// A lost compare-and-set means that someone else got on with the order; after as many, something is wrong.
const MAX_CONFLICTS = 20

export const builtin = caAdapter<BuiltinConfig>({
  kind: 'ca',
  id: 'builtin',
  title: 'Evercert built-in CA',
  apiDocs: 'RFC 5280',
  config: builtinConfig,
  identity: ['authorityId', 'validityRule'],
  settingsFromEnvironment: true,
  create: (config, kit) => createBuiltinCa(config, kit),
})

function createBuiltinCa(config: BuiltinConfig, kit: AdapterKit): Ca {
  const authority = remembered(() =>
    loadAuthority(kit.builtinCaStore, { authorityId: config.authorityId, organisation: config.organisation, now: kit.now() }),
  )
  return {
    capabilities: {
      validityRule: config.validityRule,
      honoursNotAfter: true,
      reviewsOrganisations: true,
      methods: ['file', 'dns'],
      reusesValidations: true,
      fileValidationPorts: config.fileValidationPorts,
    },
    createAccount: async () => `builtin:${randomUUID()}`, // nothing hangs on it: the authority is the boundary
    openAccount: async (account) => account,
    placeOrder: (_account, request) => placeOrder(config, kit, request),
    readOrder: async (_account, { ref }) => toCaOrder(await loadOrder(config, kit, ref), kit.now()),
    answerChallenge: (_account, challengeRef) => answerChallenge(config, kit, challengeRef),
    finalizeOrder: (_account, order) => finalizeOrder(config, kit, authority, order),
    revoke: (_account, certificate) => revoke(config, kit, certificate),
  }
}

async function placeOrder({ authorityId }: BuiltinConfig, kit: AdapterKit, request: CaOrderRequest): Promise<CaOrder> {
  const now = kit.now()
  const earlier = await loadProven(authorityId, kit, request.proven ?? [])
  const wanted = createOrder({ authorityId, request, now, drawRandom: randomBytes, earlier })
  const order = await kit.builtinCaStore.insertOrder(wanted)
  if (namesOf(order).join() !== namesOf(wanted).join()) {
    throw new AppError(
      'invalid',
      `Ordering ${request.reference}: the reference belongs to an order for other names: use a new one`,
    )
  }
  return toCaOrder(order, now)
}

const MAX_PROVEN = 500

/** As this CA's own records have them, whatever the caller says of them. */
async function loadProven(authorityId: string, kit: AdapterKit, refs: readonly string[]): Promise<BuiltinChallenge[]> {
  const wanted = new Set(refs.slice(0, MAX_PROVEN))
  const orderIds = new Set([...wanted].map((ref) => ref.slice(0, ref.lastIndexOf('.'))))
  const orders = await Promise.all([...orderIds].map((id) => kit.builtinCaStore.loadOrder(authorityId, id)))
  return orders.flatMap((order) => order?.challenges ?? []).filter(({ ref }) => wanted.has(ref))
}

async function answerChallenge(config: BuiltinConfig, kit: AdapterKit, challengeRef: string): Promise<void> {
  const orderRef = challengeRef.slice(0, challengeRef.lastIndexOf('.'))
  const challenge = pendingChallenge(await loadOrder(config, kit, orderRef), challengeRef, kit.now())
  if (!challenge) return
  const verdict = await lookForProof(kit, challenge, config.fileValidationPorts)
  await updateOrder(config, kit, orderRef, (order) =>
    pendingChallenge(order, challengeRef, kit.now()) ? withVerdict(order, challengeRef, verdict, kit.now()) : null,
  )
}

/** The challenge if an answer can still change anything. @throws AppError `notFound` */
function pendingChallenge(order: BuiltinOrder, challengeRef: string, now: number): BuiltinOrder['challenges'][number] | null {
  const challenge = order.challenges.find(({ ref }) => ref === challengeRef)
  if (!challenge)
    throw new AppError('notFound', `Built-in CA: order ${order.id} has no challenge ${challengeRef}: read the order again`)
  const isOpen = order.state === 'pending' && challenge.state === 'pending' && lapseOf(order, now) === null
  return isOpen ? challenge : null
}

async function finalizeOrder(
  config: BuiltinConfig,
  kit: AdapterKit,
  authority: () => Promise<Authority>,
  { ref, csrDer, notAfter }: { readonly ref: string; readonly csrDer: Uint8Array; readonly notAfter?: number | null },
): Promise<CaOrder> {
  const order = await loadOrder(config, kit, ref)
  if (toCaOrder(order, kit.now()).state !== 'ready') return toCaOrder(order, kit.now())
  await checkCsr(order, csrDer)
  const ca = await authority()
  const limits = { rule: config.validityRule, maxDays: config.maxDays, issuerNotAfter: ca.notAfter }
  const intended = await updateOrder(config, kit, ref, (latest) =>
    latest.state === 'ready'
      ? {
          ...latest,
          ...decideIntent({ ...latest, notAfter: notAfter ?? latest.notAfter }, csrDer, limits, kit.now()),
          state: 'signing',
        }
      : null,
  )
  if (intended.state !== 'signing') return toCaOrder(intended, kit.now())
  ensureSameCsr(intended, csrDer)
  const chainPem = await signLeaf(ca, intended, csrDer, publicationOf(config))
  const issued = await updateOrder(config, kit, ref, (latest) =>
    latest.state === 'signing' ? { ...latest, state: 'issued', chainPem } : null,
  )
  return toCaOrder(issued, kit.now())
}

/** One serial, one key: whoever finishes an interrupted signature brings the CSR that it was begun with. */
function ensureSameCsr(order: BuiltinOrder, csrDer: Uint8Array): void {
  if (order.csrSha256 === csrSha256(csrDer)) return
  throw new AppError('badCsr', `Finalizing ${order.id}: it was begun with another CSR: send that one again, or order anew`)
}

async function revoke(
  config: BuiltinConfig,
  kit: AdapterKit,
  { der, reason }: { readonly der: Uint8Array; readonly reason: RevocationReason },
): Promise<void> {
  const serialHex = serialOf(der)
  const found = await kit.builtinCaStore.findIssued(config.authorityId, serialHex)
  if (!found?.chainPem || !new X509Certificate(found.chainPem).raw.equals(der)) {
    throw new AppError('caRejected', `Revoking ${serialHex}: this CA did not issue it: choose the issuer that did`)
  }
  await updateOrder(config, kit, found.id, (order) =>
    order.revokedAt === null ? { ...order, revokedAt: kit.now(), revocationReason: REASON_CODES[reason] } : null,
  )
}

function serialOf(der: Uint8Array): string {
  try {
    return new X509Certificate(der).serialNumber.toLowerCase()
  } catch (cause) {
    throw new AppError('badCertificate', 'Revoking: the certificate cannot be read: send its DER', { cause })
  }
}

async function loadOrder({ authorityId }: BuiltinConfig, kit: AdapterKit, ref: string): Promise<BuiltinOrder> {
  const order = await kit.builtinCaStore.loadOrder(authorityId, ref)
  if (!order) throw new AppError('notFound', `Built-in CA: there is no order ${ref}: place it again`)
  return order
}

/** Changes the order as it is now, whoever else changes it; `change` gives null when there is nothing left to do. */
async function updateOrder(
  config: BuiltinConfig,
  kit: AdapterKit,
  ref: string,
  change: (order: BuiltinOrder) => BuiltinOrder | null,
): Promise<BuiltinOrder> {
  for (let turn = 0; turn < MAX_CONFLICTS; turn++) {
    const order = await loadOrder(config, kit, ref)
    const next = change(order)
    if (next === null) return order
    if (await kit.builtinCaStore.updateOrder(next)) return { ...next, version: next.version + 1 }
  }
  throw new AppError('conflict', `Built-in CA: order ${ref} keeps changing: it is tried again later`)
}

function publicationOf({ publicUrl, authorityId }: BuiltinConfig): Publication {
  const base = `${publicUrl.replace(/\/+$/, '')}/ca/${authorityId}`
  return { issuerUrl: `${base}.crt`, crlUrl: `${base}.crl` }
}

/** The value of the first success; a failure is not remembered. */
function remembered<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let known: Promise<Value> | null = null
  return () => {
    known ??= load().catch((error: unknown) => {
      known = null
      throw error
    })
    return known
  }
}
