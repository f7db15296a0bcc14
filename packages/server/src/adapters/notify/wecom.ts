/**
 * WeCom 企业微信: a robot of a group, by its webhook.
 *
 * @module
 */
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { notifyAdapter, type NoticeMessage } from '../../ports/notify.ts'
import { brief, parseAnswer, postJson, refuseStatus, secretUrl } from '../kit/post-json.ts'

const wecomConfig = z.object({
  webhookUrl: secretUrl('Webhook of the robot: https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…'),
})

const answerShape = z.object({ errcode: z.int(), errmsg: z.string().default('') })
const WHAT = 'Sending to WeCom'

export const wecom = notifyAdapter<z.infer<typeof wecomConfig>>({
  kind: 'notify',
  id: 'wecom',
  title: '企业微信 WeCom robot',
  apiDocs: 'https://developer.work.weixin.qq.com/document/path/91770',
  config: wecomConfig,
  create: ({ webhookUrl }, kit) => ({
    send: async (message, signal) => {
      const answer = await postJson(kit, { what: WHAT, url: webhookUrl, body: JSON.stringify(toBody(message)), signal })
      refuseStatus(WHAT, answer)
      refuseErrcode(parseAnswer(WHAT, answer, answerShape))
      return 'errcode 0'
    },
  }),
})

const MAX_TEXT_BYTES = 2048

function toBody({ title, text, url }: NoticeMessage) {
  const link = url === null ? '' : `\n\n${url}`
  const room = MAX_TEXT_BYTES - Buffer.byteLength(link)
  return { msgtype: 'text', text: { content: cutToBytes(`${title}\n\n${text}`, room) + link } }
}

/** Never in the middle of a character. */
function cutToBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  let kept = ''
  let size = Buffer.byteLength('…')
  for (const character of text) {
    size += Buffer.byteLength(character)
    if (size > maxBytes) break
    kept += character
  }
  return `${kept}…`
}

const BUSY = -1
const TOO_OFTEN = new Set([45009, 45033])
/** The key is not that of a robot, or the robot is gone. */
const INVALID_WEBHOOK = 93000
const WAIT_SECONDS = 60 // 20 messages a minute

function refuseErrcode({ errcode, errmsg }: z.infer<typeof answerShape>): void {
  if (errcode === 0) return
  const said = `errcode ${errcode} (${brief(withoutHints(errmsg))})`
  if (TOO_OFTEN.has(errcode))
    throw new AppError('rateLimited', `${WHAT}: ${said}: it is tried again later`, { retryAfterSeconds: WAIT_SECONDS })
  if (errcode === BUSY) throw new AppError('upstreamUnavailable', `${WHAT}: ${said}: it is tried again later`)
  if (errcode === INVALID_WEBHOOK)
    throw new AppError('credentialsRejected', `${WHAT}: ${said}: correct the key in the robot's webhook`)
  throw new AppError('misconfigured', `${WHAT}: ${said}: correct the robot's settings`)
}

/** It repeats our address and a link to its error tool. */
function withoutHints(errmsg: string): string {
  return errmsg.replace(/,\s*(hint|from ip|more info).*$/s, '')
}
