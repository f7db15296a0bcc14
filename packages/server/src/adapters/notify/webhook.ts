/**
 * Any program: a JSON document by HTTP POST, signed as Standard Webhooks 1.0 describes.
 *
 * @module
 */
import { z } from 'zod'
import { notifyAdapter, type NoticeMessage } from '../../ports/notify.ts'
import { postJson, refuseStatus, secretUrl } from '../kit/post-json.ts'
import { signedHeaders, signingSecretSetting } from '../kit/standard-webhook.ts'

const webhookConfig = z.object({
  url: secretUrl('Where the document is posted'),
  secret: signingSecretSetting,
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
      const headers = signedHeaders({ id: message.id, secret: signingSecret, body, now: kit.now() })
      const answer = await postJson(kit, { what: WHAT, url, body, headers, signal })
      refuseStatus(WHAT, answer)
      return `HTTP ${answer.status}`
    },
  }),
})

function toPayload({ kind, createdAt, title, text, url, language, facts }: NoticeMessage) {
  return {
    type: `notice.${kind}`,
    timestamp: new Date(createdAt).toISOString(),
    data: { title, text, url, language, ...facts },
  }
}
