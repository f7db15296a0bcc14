/**
 * Slack: an incoming webhook of an app.
 *
 * @module
 */
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { notifyAdapter, type NoticeMessage } from '../../ports/notify.ts'
import { brief, postJson, refuseStatus, secretUrl, type JsonAnswer } from '../kit/post-json.ts'

const slackConfig = z.object({ webhookUrl: secretUrl('Incoming webhook: https://hooks.slack.com/services/…') })

const WHAT = 'Sending to Slack'

export const slack = notifyAdapter<z.infer<typeof slackConfig>>({
  kind: 'notify',
  id: 'slack',
  title: 'Slack incoming webhook',
  apiDocs: 'https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/',
  config: slackConfig,
  create: ({ webhookUrl }, kit) => ({
    send: async (message, signal) => {
      const answer = await postJson(kit, { what: WHAT, url: webhookUrl, body: JSON.stringify(toBody(message)), signal })
      refuseGoneWebhook(answer)
      refuseStatus(WHAT, answer)
      if (answer.text.trim() !== 'ok') {
        throw new AppError('upstreamUnavailable', `${WHAT}: the answer is not "ok": check the address of the channel`)
      }
      return 'ok'
    },
  }),
})

/** `text` is what notifications show; the blocks are plain text, so that no name is read as markup. */
function toBody({ title, text, url }: NoticeMessage) {
  const link = url === null ? [] : [{ type: 'section', text: { type: 'mrkdwn', text: `<${escape(url)}>`, verbatim: true } }]
  return {
    text: escape(`${title}\n${text}${url === null ? '' : `\n${url}`}`),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(title, MAX_HEADER), emoji: false } },
      { type: 'section', text: { type: 'plain_text', text: cut(text, MAX_SECTION), emoji: false } },
      ...link,
    ],
  }
}

const MAX_HEADER = 150
const MAX_SECTION = 3000

function cut(text: string, maxLength: number): string {
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text
}

/** The three control characters of its markup. */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** A revoked webhook answers 404 or 403 with a word. */
const GONE = new Set(['no_service', 'no_active_hooks', 'invalid_token', 'no_team', 'team_disabled', 'action_prohibited'])

function refuseGoneWebhook({ text }: JsonAnswer): void {
  const word = text.trim()
  if (!GONE.has(word)) return
  throw new AppError('credentialsRejected', `${WHAT}: it answers ${brief(word)}: make a new webhook and set it here`)
}
