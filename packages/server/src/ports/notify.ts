/**
 * The port to channels that carry notices to people and programs.
 *
 * @module
 */
import type { z } from 'zod'
import type { AdapterKit } from './kit.ts'

export interface NoticeMessage {
  /** The same at every try, so that a receiver can tell a repetition: at-least-once is what a channel gives. */
  readonly id: string
  readonly kind: string
  readonly language: 'en' | 'zh'
  readonly title: string
  /** Plain text, lines separated by `\n`, no markup. */
  readonly text: string
  /** Where to read more; null when the installation has no public address. */
  readonly url: string | null
  /** Epoch milliseconds: when the notice arose. */
  readonly createdAt: number
  /** For programs: names and values as the API has them. */
  readonly facts: Readonly<Record<string, unknown>>
  /** For channels that address people by mail. */
  readonly recipients: readonly Recipient[]
}

export interface Recipient {
  readonly name: string
  readonly email: string
}

/**
 * A channel.
 *
 * - After `send` resolves, the other side has accepted the message with its title, its text and its link.
 * - Where the format has an identifier for messages, it carries `id`: sending twice can be recognised as one.
 * - An answer that looks like success and is not (HTTP 200 with an error code) rejects.
 * - A wrong token or signature is `credentialsRejected`; another refusal for good (4xx other than 408 and 429) is `misconfigured`. Neither is
 *   tried again.
 * - Being asked to wait is `rateLimited`, with the seconds where the other side names them; an outage (5xx, no connection, no answer) is
 *   `upstreamUnavailable` or `timedOut`. Both are tried again.
 * - An aborted signal rejects. Addresses that the operator does not allow are `addressForbidden`.
 * - No secret of the settings (also not one in a URL) is part of what it resolves or rejects with, nor of the message.
 */
export interface NotifyChannel {
  /** @returns what the other side said, in a few words */
  send(message: NoticeMessage, signal?: AbortSignal): Promise<string>
}

export interface NotifyAdapter<Config = unknown> {
  readonly kind: 'notify'
  readonly id: string
  readonly title: string
  readonly apiDocs: string
  readonly config: z.ZodType<Config>
  create(config: Config, kit: AdapterKit): NotifyChannel
}

export function notifyAdapter<Config>(definition: NotifyAdapter<Config>): NotifyAdapter<Config> {
  return definition
}
