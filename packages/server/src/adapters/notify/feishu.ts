/**
 * Feishu 飞书 and Lark: a custom bot of a group, by its webhook, signed when the bot demands it.
 *
 * @module
 */
import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { notifyAdapter, type NoticeMessage } from '../../ports/notify.ts'
import { brief, parseAnswer, postJson, refuseStatus, secretUrl } from '../kit/post-json.ts'
import { secret } from '../kit/secret.ts'

const feishuConfig = z.object({
  webhookUrl: secretUrl(
    'Webhook of the bot: https://open.feishu.cn/open-apis/bot/v2/hook/… or https://open.larksuite.com/open-apis/bot/v2/hook/…',
  ),
  secret: secret('Secret for signing (签名校验); leave out when the bot uses keywords or addresses').optional(),
})

const answerShape = z.object({ code: z.int(), msg: z.string().default('') })
const WHAT = 'Sending to Feishu'

export const feishu = notifyAdapter<z.infer<typeof feishuConfig>>({
  kind: 'notify',
  id: 'feishu',
  title: '飞书 Feishu, Lark bot',
  apiDocs: 'https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot',
  config: feishuConfig,
  create: (config, kit) => ({
    send: async (message, signal) => {
      const body = JSON.stringify({ ...signature(config.secret, kit.now()), ...toBody(message) })
      const answer = await postJson(kit, { what: WHAT, url: config.webhookUrl, body, signal })
      if (answer.status !== 400) refuseStatus(WHAT, answer) // its own error codes come with 400 as well as with 200
      refuseCode(parseAnswer(WHAT, answer, answerShape))
      return 'code 0'
    },
  }),
})

/** Not as DingTalk does it: seconds, in the body, and the text to sign is the key of an empty message. */
function signature(key: string | undefined, now: number) {
  if (key === undefined) return {}
  const timestamp = String(Math.floor(now / 1000))
  return { timestamp, sign: createHmac('sha256', `${timestamp}\n${key}`).update('').digest('base64') }
}

function toBody({ title, text, url }: NoticeMessage) {
  const lines = text.split('\n').map((line) => [{ tag: 'text', text: line }])
  const link = url === null ? [] : [[{ tag: 'a', text: url, href: url }]]
  return { msg_type: 'post', content: { post: { zh_cn: { title, content: [...lines, ...link] } } } }
}

const TOO_OFTEN = new Set([11232, 99991400])
const BAD_REQUEST = 9499 // its text tells a malformed request from too many
/** Signature or time (19021), address (19022), keyword (19024) not accepted; webhook unknown (19001). */
const REJECTED = new Set([19001, 19021, 19022, 19024])
const WAIT_SECONDS = 60 // 100 messages a minute, 5 a second

function refuseCode({ code, msg }: z.infer<typeof answerShape>): void {
  if (code === 0) return
  const said = `code ${code} (${brief(msg)})`
  if (TOO_OFTEN.has(code) || (code === BAD_REQUEST && /too many/i.test(msg)))
    throw new AppError('rateLimited', `${WHAT}: ${said}: it is tried again later`, { retryAfterSeconds: WAIT_SECONDS })
  if (REJECTED.has(code))
    throw new AppError('credentialsRejected', `${WHAT}: ${said}: correct the bot's webhook, secret or security settings`)
  throw new AppError('misconfigured', `${WHAT}: ${said}: correct the bot's settings`)
}
