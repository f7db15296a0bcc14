/**
 * Standard Webhooks 1.0, as a receiver verifies.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { ReceivedRequest } from '../../../../test/harness/http-receiver.ts'

const TOLERANCE_SECONDS = 300

/** As a receiver verifies. */
export function isSigned({ headers, body }: ReceivedRequest, secret: string, now = Date.now()): boolean {
  const id = String(headers['webhook-id'] ?? '')
  const timestamp = String(headers['webhook-timestamp'] ?? '')
  if (id === '' || !/^\d+$/.test(timestamp) || Math.abs(now / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest()
  return String(headers['webhook-signature'] ?? '')
    .split(' ')
    .filter((each) => each.startsWith('v1,'))
    .map((each) => Buffer.from(each.slice(3), 'base64'))
    .some((given) => given.length === expected.length && timingSafeEqual(given, expected))
}
