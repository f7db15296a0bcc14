/**
 * Any program: a JSON document by HTTP POST, signed as Standard Webhooks 1.0 describes.
 *
 * @module
 */
import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { notifyAdapter, type NoticeMessage } from '../../ports/notify.ts'
import { postJson, refuseStatus, secretUrl } from '../kit/post-json.ts'
import { secret } from '../kit/secret.ts'

const SECRET = /^whsec_([A-Za-z0-9+/]{32,88}={0,2})$/

const webhookConfig = z.object({
  url: secretUrl('Where the document is posted'),
  secret: secret('Signing secret: whsec_ and 24 to 64 random bytes in base64').regex(
    SECRET,
    'must be whsec_ and 24 to 64 bytes in base64',
  ),
})

const WHAT = 'Sending to the webhook'

export const webhook = notifyAdapter<z.infer<typeof webhookConfig>>({
  kind: 'notify',
  id: 'webhook',
  title: 'Webhook (Standard Webhooks)',
  apiDocs: 'https://www.standardwebhooks.com/',
  config: webhookConfig,
  create: ({ url, secret: signingSecret }, kit) => ({
    send: async (message, signal) => {
      const body = JSON.stringify(toPayload(message))
      const timestamp = String(Math.floor(kit.now() / 1000))
      const headers = {
        'webhook-id': message.id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${sign(signingSecret, `${message.id}.${timestamp}.${body}`)}`,
      }
      const answer = await postJson(kit, { what: WHAT, url, body, headers, signal })
      refuseStatus(WHAT, answer)
      return `HTTP ${answer.status}`
    },
  }),
})

function sign(signingSecret: string, content: string): string {
  const key = Buffer.from(SECRET.exec(signingSecret)?.[1] ?? '', 'base64')
  return createHmac('sha256', key).update(content).digest('base64')
}

function toPayload({ kind, createdAt, title, text, url, language, facts }: NoticeMessage) {
  return {
    type: `notice.${kind}`,
    timestamp: new Date(createdAt).toISOString(),
    data: { title, text, url, language, ...facts },
  }
}
