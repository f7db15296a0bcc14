/**
 * The signature of Standard Webhooks 1.0.
 *
 * @module
 */
import { createHmac } from 'node:crypto'
import { secret } from './secret.ts'

const SECRET = /^whsec_([A-Za-z0-9+/]{32,88}={0,2})$/

export const signingSecretSetting = secret('Signing secret: whsec_ and 24 to 64 random bytes in base64').regex(
  SECRET,
  'must be whsec_ and 24 to 64 bytes in base64',
)

export interface SignedMessage {
  /** The same for each try. */
  readonly id: string
  /** As in {@link signingSecretSetting}. */
  readonly secret: string
  readonly body: string
  /** Epoch milliseconds. */
  readonly now: number
}

/** What is sent along with the body. */
export function signedHeaders({ id, secret: signingSecret, body, now }: SignedMessage): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(now / 1000))
  const key = Buffer.from(SECRET.exec(signingSecret)?.[1] ?? '', 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
