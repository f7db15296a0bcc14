/**
 * The port to providers through which an order is paid. The balance is none: it is kept in our own ledger (docs/decisions/0011).
 *
 * @module
 */
import type { z } from 'zod'
import type { Money } from '../domain/payment/money.ts'
import type { AdapterKit } from './kit.ts'

export interface PaymentRequest {
  /** Our id of the payment. The provider carries it, and gives it back in everything that it says about the payment. */
  readonly reference: string
  /** What is bought, for the payer. */
  readonly title: string
  readonly amount: Money
  /** Where the provider reports; null when the installation has no public address: then it is asked. */
  readonly callbackUrl: string | null
  /** Epoch milliseconds: after this it need not be payable any more. */
  readonly expiresAt: number
}

/** Where the payer goes. */
export type PaymentPlace =
  | { readonly kind: 'redirect'; readonly url: string }
  | { readonly kind: 'invoice'; readonly number: string; readonly dueAt: string; readonly instructions: string }

export interface StartedPayment {
  /** What the provider calls it. */
  readonly externalId: string
  readonly place: PaymentPlace
}

export interface PaymentHandle {
  readonly reference: string
  readonly externalId: string
}

/** What the provider says of one payment. */
export interface PaymentReport {
  readonly reference: string
  readonly externalId: string
  /** `pending` may still become anything; the others are final at the provider. */
  readonly state: 'pending' | 'paid' | 'failed' | 'cancelled'
  /** What was received: present exactly when `paid`. Its reference is the same in a callback and in an answer, and in repetitions. */
  readonly receipt: { readonly reference: string; readonly amount: Money } | null
}

export interface PaymentCallback {
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** As it came, byte for byte: the signature is over it. */
  readonly body: Uint8Array
}

/**
 * A connection to a provider.
 *
 * - After `start` resolves, the payer can pay the amount at `place`. Repeated with the same request it gives the same payment, never a second.
 * - An amount or currency that the provider cannot take is `invalid`, before anything is sent.
 * - `read` says how the payment stands, with the amount and currency that were received.
 * - After `end` resolves with `cancelled` or `failed`, nobody is meant to pay any more; what was paid before is reported as `paid`.
 * - `readCallback` believes only what the provider signed: anything else is `callbackForged`, a repetition that is too old included. A signed
 *   message that says nothing about a payment of ours is null. Reading it twice gives the same report.
 * - Refused credentials are `credentialsRejected`, another refusal for good is `misconfigured`: not tried again. Being asked to wait is
 *   `rateLimited`, an outage `upstreamUnavailable` or `timedOut`: tried again. An answer whose signature is wrong is `upstreamUnavailable`.
 * - No secret of the settings is part of what it resolves or rejects with.
 */
export interface PaymentProvider {
  start(request: PaymentRequest, signal?: AbortSignal): Promise<StartedPayment>
  read(payment: PaymentHandle, signal?: AbortSignal): Promise<PaymentReport>
  end(payment: PaymentHandle, signal?: AbortSignal): Promise<PaymentReport>
  readCallback(callback: PaymentCallback): Promise<PaymentReport | null>
}

export interface PaymentAdapter<Config = unknown> {
  readonly kind: 'payment'
  readonly id: string
  readonly title: string
  readonly apiDocs: string
  readonly config: z.ZodType<Config>
  /** Whole days or less that a payer has, in milliseconds. */
  lifeMs(config: Config): number
  /** An operator records what came in, also in parts; otherwise the provider reports it, in whole. */
  readonly recordedByOperator: boolean
  /** What the provider wants to hear for a callback that was read. */
  readonly acknowledgement: string
  create(config: Config, kit: AdapterKit): PaymentProvider
}

export function paymentAdapter<Config>(definition: PaymentAdapter<Config>): PaymentAdapter<Config> {
  return definition
}
