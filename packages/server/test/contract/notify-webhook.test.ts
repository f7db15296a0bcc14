/**
 * The webhook against a receiver that verifies as Standard Webhooks 1.0 says, and against the specification's own example.
 */
import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { expect, test } from 'vitest'
import { startHttpReceiver } from '../../../../test/harness/http-receiver.ts'
import { webhook } from '../../src/adapters/notify/webhook.ts'
import { aMessage, notifyContract } from './notify-contract.ts'
import { createNotifyKits } from './notify-kit.ts'
import { createRobotHarness, HTTP_REFUSALS, jsonOf } from './robot-fixture.ts'
import { isSigned } from './webhook-signature.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const payload = z.object({
  type: z.literal('notice.expiry'),
  timestamp: z.iso.datetime(),
  data: z.object({
    title: z.string(),
    text: z.string(),
    url: z.string().nullable(),
    language: z.enum(['en', 'zh']),
    certificate: z.object({ id: z.string() }),
  }),
})

notifyContract('webhook', () =>
  createRobotHarness({
    adapter: webhook,
    token: (ending) => `hook-${ending}-9f8e7d`,
    tokenOf: ({ url }) => url.pathname.slice(1),
    settings: (base, token) => ({ url: `${base}/${token}`, secret: SECRET }),
    wrongSettings: (base, token) => ({ url: `${base}/${token}`, secret: `whsec_${Buffer.alloc(32, 8).toString('base64')}` }),
    judge: (request, token) => {
      if (!isSigned(request, SECRET)) return { accepted: null, reply: { status: 401, body: `bad signature for ${token}` } }
      const body = payload.safeParse(jsonOf(request))
      if (!body.success) return { accepted: null, reply: { status: 400 } }
      const { title, text, url } = body.data.data
      return {
        accepted: { id: String(request.headers['webhook-id']), shown: [title, text, url].join('\n') },
        reply: { status: 204 },
      }
    },
    refusals: {
      'HTTP 500': HTTP_REFUSALS['HTTP 500'],
      'HTTP 503 with Retry-After': HTTP_REFUSALS['HTTP 503 with Retry-After'],
      'HTTP 408': { reply: { status: 408 }, code: 'upstreamUnavailable' },
      'HTTP 429': { reply: { status: 429, headers: { 'retry-after': '120' } }, code: 'rateLimited', retryAfterSeconds: 120 },
      'HTTP 400': { reply: { status: 400 }, code: 'misconfigured' },
      'HTTP 404': { reply: { status: 404, body: '<html>/hook-good-9f8e7d is not here</html>' }, code: 'misconfigured' },
      'HTTP 410': { reply: { status: 410 }, code: 'misconfigured' },
      'a redirection is not followed': {
        reply: { status: 302, headers: { location: 'http://169.254.169.254/' } },
        code: 'misconfigured',
      },
    },
    secrets: [SECRET],
  }),
)

test('the signature is that of the published example', async () => {
  const receiver = await startHttpReceiver(() => ({ status: 200 }))
  const kits = createNotifyKits(() => 1_614_265_330_000)
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  await webhook.create({ url: `${receiver.url}/`, secret }, kits.kit).send(aMessage({ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek' }))
  const [request] = receiver.requests
  expect(request?.headers['webhook-timestamp']).toBe('1614265330')
  // The example of the specification: {"test": 2432232314} under this secret, id and time.
  const signed = `msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}`
  const example = createHmac('sha256', Buffer.from(secret.slice(6), 'base64'))
    .update(signed)
    .digest('base64')
  expect(example).toBe('g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  expect(isSigned(request!, secret, 1_614_265_330_000)).toBe(true)
  await Promise.all([receiver.close(), kits.close()])
})

test.each([
  'whsec_short',
  'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  'whsec_not base64 but long enough to be one',
])('a secret that is not of the form is refused: %s', (secret) => {
  expect(webhook.config.safeParse({ url: 'https://example.com/', secret }).success).toBe(false)
})
