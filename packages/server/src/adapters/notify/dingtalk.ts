/**
 * DingTalk 钉钉: a custom robot of a group, by its webhook, signed when the robot demands it.
 *
 * @module
 */
import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { notifyAdapter, type NoticeMessage } from '../../ports/notify.ts'
import { brief, parseAnswer, postJson, refuseStatus, secretUrl } from '../kit/post-json.ts'
import { secret } from '../kit/secret.ts'

const dingtalkConfig = z.object({
  webhookUrl: secretUrl('Webhook of the robot: https://oapi.dingtalk.com/robot/send?access_token=…'),
  secret: secret('Secret for signing (加签), SEC…; leave out when the robot uses keywords or addresses').optional(),
})

const answerShape = z.object({ errcode: z.int(), errmsg: z.string().default('') })
const WHAT = 'Sending to DingTalk'

export const dingtalk = notifyAdapter<z.infer<typeof dingtalkConfig>>({
  kind: 'notify',
  id: 'dingtalk',
  title: '钉钉 DingTalk robot',
  apiDocs: 'https://open.dingtalk.com/document/orgapp/custom-robots-send-group-messages',
  config: dingtalkConfig,
  create: (config, kit) => ({
    send: async (message, signal) => {
      const url = signedUrl(config, kit.now())
      const answer = await postJson(kit, { what: WHAT, url, body: JSON.stringify(toBody(message)), signal })
      refuseStatus(WHAT, answer)
      refuseErrcode(parseAnswer(WHAT, answer, answerShape))
      return 'errcode 0'
    },
  }),
})

/** The time in milliseconds and the secret, signed with the secret; both go into the query. */
function signedUrl({ webhookUrl, secret: key }: z.infer<typeof dingtalkConfig>, now: number): string {
  if (key === undefined) return webhookUrl
  const url = new URL(webhookUrl)
  url.searchParams.set('timestamp', String(now))
  url.searchParams.set('sign', createHmac('sha256', key).update(`${now}\n${key}`).digest('base64'))
  return url.href
}

/** Plain text: markdown would read the names' asterisks. */
function toBody({ title, text, url }: NoticeMessage) {
  return { msgtype: 'text', text: { content: [title, text, ...(url === null ? [] : [url])].join('\n\n') } }
}

const BUSY = -1
const TOO_OFTEN = new Set([130101, 410100])
/** Signature, keyword or address not accepted; token unknown; robot stopped or removed. */
const REJECTED = new Set([310000, 300001, 300005, 400101, 400102, 400106])
const WAIT_SECONDS = 600 // more than 20 messages in a minute silence a robot for ten

function refuseErrcode({ errcode, errmsg }: z.infer<typeof answerShape>): void {
  if (errcode === 0) return
  const said = `errcode ${errcode} (${brief(errmsg)})`
  if (TOO_OFTEN.has(errcode))
    throw new AppError('rateLimited', `${WHAT}: ${said}: it is tried again later`, { retryAfterSeconds: WAIT_SECONDS })
  if (errcode === BUSY) throw new AppError('upstreamUnavailable', `${WHAT}: ${said}: it is tried again later`)
  if (REJECTED.has(errcode))
    throw new AppError('credentialsRejected', `${WHAT}: ${said}: correct the robot's webhook, secret or security settings`)
  throw new AppError('misconfigured', `${WHAT}: ${said}: correct the robot's settings`)
}
