/**
 * The port to certificate authorities. An adapter keeps no memory: what must outlive a call is in its arguments and results,
 * and the core stores it. Every sentence of the contract below is a test of `test/contract/ca-contract.ts`.
 *
 * @module
 */
import type { z } from 'zod'
import type { ProblemCode } from '@evercert/contract'
import type { OrganisationSubject } from '../domain/applicant/subject.ts'
import type { AdapterKit } from './kit.ts'

/** `file`: a file over HTTP (RFC 8555 §8.3 or the CA's own path). `dns`: a TXT record (RFC 8555 §8.4). */
export type ValidationMethod = 'file' | 'dns'

/** One proof of control that the CA asks for. */
export interface CaChallenge {
  /** Names the challenge to the CA, unique within its order (ACME: the challenge URL). */
  readonly ref: string
  /** The name to prove, as an A-label without `*.`. */
  readonly identifier: string
  readonly wildcard: boolean
  readonly method: ValidationMethod
  /** `file`: the absolute path, for instance `/.well-known/acme-challenge/…`. `dns`: the record name without a final dot. */
  readonly location: string
  /** `file`: the exact body. `dns`: the TXT value. */
  readonly content: string
  readonly state: 'pending' | 'processing' | 'valid' | 'invalid'
  /** Why the CA refused the proof; null unless `invalid`. */
  readonly problem: string | null
  /** `valid` by an earlier proof that the CA took over: when that was given, epoch milliseconds. Absent or null: not taken over. */
  readonly reusedFrom?: number | null
}

/**
 * What the CA says of an order.
 * `pending`: challenges wait to be answered or judged. `ready`: finalize. `processing`: ask again. `issued` and `refused` are final.
 */
export type CaOrder =
  | {
      readonly state: 'pending'
      readonly ref: string
      readonly challenges: readonly CaChallenge[]
      readonly retryAfterSeconds: number | null
    }
  /** With its challenges when the CA took earlier proofs over. */
  | { readonly state: 'ready'; readonly ref: string; readonly challenges?: readonly CaChallenge[] }
  | { readonly state: 'processing'; readonly ref: string; readonly retryAfterSeconds: number | null }
  | { readonly state: 'issued'; readonly ref: string; readonly chainPem: string }
  | { readonly state: 'refused'; readonly ref: string; readonly code: ProblemCode; readonly detail: string }

/** The organisation of an OV or EV certificate, as it stands in its subject (BR 7.1.2.7.4, EVG 9.2). */
export type CaSubject = OrganisationSubject

/** The account at the CA: opaque to the core, which stores it encrypted. */
export type CaAccount = string

export interface CaOrderRequest {
  /** Our own reference, at most 64 characters of `[A-Za-z0-9-]`. One reference never makes two orders. */
  readonly reference: string
  /** A-labels; wildcards with a leading `*.`; the first is the common name. */
  readonly identifiers: readonly string[]
  /** The challenge method to report; `dns` for each wildcard whatever is asked. */
  readonly method: ValidationMethod
  /** The notAfter wanted, epoch milliseconds; null: as late as the CA gives it, the only choice where it decides for itself. */
  readonly notAfter: number | null
  /** True when an earlier call with this reference may have reached the CA: look for its order before placing one. */
  readonly mayExist: boolean
  /** When the first attempt was made, epoch milliseconds: an order that the CA made earlier is another one. */
  readonly firstAttemptAt: number
  /**
   * Challenges of earlier orders that whoever applies now had proved, by their ref. A CA that `reusesValidations` takes over those that it knows as
   * valid and that may still be used (BR 4.2.1); others do not look at them.
   */
  readonly proven?: readonly string[]
  /** Reads the leaf that this order renews or reissues; null when there is none of this issuer. Only a CA that wants to know asks for it. */
  readonly replaces?: () => Promise<Uint8Array | null>
  /** OV and EV, reviewed already; null or absent for DV. Only for a CA that `reviewsOrganisations`. */
  readonly subject?: CaSubject | null
}

/** When the CA would have a certificate renewed (RFC 9773). */
export interface CaRenewalInfo {
  /** Epoch milliseconds. */
  readonly startsAt: number
  readonly endsAt: number
  /** A page of the CA that says why; null when it has none. */
  readonly explanationUrl: string | null
  readonly retryAfterSeconds: number | null
}

export interface CaCapabilities {
  /** `public`: the Baseline Requirements' caps by date of issue (BR 6.3.2). `private`: no cap but its own. */
  readonly validityRule: 'public' | 'private'
  /** False when the CA decides notAfter itself (most ACME CAs). */
  readonly honoursNotAfter: boolean
  /** True when it issues OV and EV, for organisations that people reviewed here. */
  readonly reviewsOrganisations: boolean
  readonly methods: readonly ValidationMethod[]
  /** True when it takes `proven` into account. */
  readonly reusesValidations?: boolean
  /** The ports on which the CA fetches validation files, https first where it tries both. */
  readonly fileValidationPorts: { readonly http: number; readonly https: number | null }
}

export type RevocationReason = 'unspecified' | 'keyCompromise' | 'affiliationChanged' | 'superseded' | 'cessationOfOperation'

/**
 * A certificate authority.
 *
 * - `createAccount` has no effect outside; `openAccount` may be called any number of times and registers once (the key is the identity).
 * - `placeOrder` twice with one reference (the second with `mayExist`) gives one order.
 * - `readOrder` changes nothing. Answering a challenge that is already processing or valid is fine.
 * - `finalizeOrder` on an order that is `processing` or `issued` reads it and does not finalize again.
 * - `revoke` twice is fine.
 * - Names that the CA refuses give a `refused` order or an AppError `caRejected`; outages give `upstreamUnavailable`; limits
 *   `caRateLimited` with `retryAfterSeconds`.
 */
export interface Ca {
  readonly capabilities: CaCapabilities
  createAccount(): Promise<CaAccount>
  openAccount(account: CaAccount): Promise<CaAccount>
  placeOrder(account: CaAccount, request: CaOrderRequest): Promise<CaOrder>
  readOrder(account: CaAccount, order: { readonly ref: string; readonly method: ValidationMethod }): Promise<CaOrder>
  /** Tells the CA that the proof is in place. */
  answerChallenge(account: CaAccount, challengeRef: string): Promise<void>
  /**
   * @param order.csrDer PKCS#10, its names equal to the order's
   * @param order.notAfter what is wanted at the time of signing, epoch milliseconds, for a CA that can still take it; null or absent: as ordered
   */
  finalizeOrder(
    account: CaAccount,
    order: {
      readonly ref: string
      readonly method: ValidationMethod
      readonly csrDer: Uint8Array
      readonly notAfter?: number | null
    },
  ): Promise<CaOrder>
  /** Of the leaf; null when this CA says nothing of when to renew. Absent: it never does. */
  renewalInfo?(leafDer: Uint8Array): Promise<CaRenewalInfo | null>
  /** @param certificate.der the leaf. */
  revoke(account: CaAccount, certificate: { readonly der: Uint8Array; readonly reason: RevocationReason }): Promise<void>
}

/** What describes a CA adapter: one file, one line in `adapters/ca/index.ts`, one contract test. */
export interface CaAdapter<Config = unknown> {
  readonly kind: 'ca'
  readonly id: string
  readonly title: string
  readonly apiDocs: string
  readonly config: z.ZodType<Config>
  /** Settings that say which CA it is: another value is another CA, with accounts and orders of its own. */
  readonly identity?: readonly string[]
  /** True when its CAs may say when to renew: then they are asked. */
  readonly givesRenewalInfo?: boolean
  /** True when the service itself writes the settings at each start. */
  readonly settingsFromEnvironment?: boolean
  create(config: Config, kit: AdapterKit): Ca
}

/** Gives the adapter its type and keeps the configuration's. */
export function caAdapter<Config>(definition: CaAdapter<Config>): CaAdapter<Config> {
  return definition
}
