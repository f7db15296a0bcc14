/**
 * Telegram: a bot that writes to a chat.
 *
 * @module
 */
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { notifyAdapter, type NoticeMessage } from '../../ports/notify.ts'
import { brief, parseAnswer, postJson, type JsonAnswer } from '../kit/post-json.ts'
import { destination, secret } from '../kit/secret.ts'

const telegramConfig = z.object({
  botToken: secret('Token of the bot, from @BotFather').regex(/^\d+:[A-Za-z0-9_-]{20,64}$/, 'must look like 123456:ABC…'),
  chatId: z
    .string()
    .regex(/^(-?\d{1,20}|@[A-Za-z0-9_]{4,64})$/, 'must be a number or @name')
    .meta({ description: 'Chat to write to: its number, or @name of a channel' }),
  apiBase: destination(
    z
      .url({ protocol: /^https?$/ })
      .default('https://api.telegram.org')
      .meta({ description: 'Another server of the Bot API, where the public one cannot be reached' }),
  ),
})

const answerShape = z.object({
  ok: z.boolean(),
  error_code: z.int().optional(),
  description: z.string().default(''),
  parameters: z.object({ retry_after: z.int().optional() }).optional(),
})
const WHAT = 'Sending to Telegram'

export const telegram = notifyAdapter<z.infer<typeof telegramConfig>>({
  kind: 'notify',
  id: 'telegram',
  title: 'Telegram bot',
  apiDocs: 'https://core.telegram.org/bots/api#sendmessage',
  config: telegramConfig,
  create: ({ botToken, chatId, apiBase }, kit) => ({
    send: async (message, signal) => {
      const url = `${apiBase.replace(/\/$/, '')}/bot${botToken}/sendMessage`
      const body = { chat_id: chatId, text: toText(message), link_preview_options: { is_disabled: true } }
      const answer = await postJson(kit, { what: WHAT, url, body: JSON.stringify(body), signal })
      refuseFailure(answer)
      return 'ok'
    },
  }),
})

const MAX_TEXT = 4096

/** Without parse_mode, so that no name is read as markup. */
function toText({ title, text, url }: NoticeMessage): string {
  const link = url === null ? '' : `\n\n${url}`
  const whole = `${title}\n\n${text}`
  const room = MAX_TEXT - link.length
  return (whole.length > room ? `${whole.slice(0, room - 1)}…` : whole) + link
}

/** The answer says more than the status, which it repeats in `error_code`. */
function refuseFailure(answer: JsonAnswer): void {
  if (answer.status >= 500)
    throw new AppError('upstreamUnavailable', `${WHAT}: it answers ${answer.status}: it is tried again later`)
  const { ok, error_code: code = answer.status, description, parameters } = parseAnswer(WHAT, answer, answerShape)
  if (ok) return
  const said = `${code} (${brief(description)})`
  if (code === 429) {
    const seconds = parameters?.retry_after
    const wait = seconds === undefined ? {} : { retryAfterSeconds: seconds }
    throw new AppError('rateLimited', `${WHAT}: ${said}: it is tried again later`, wait)
  }
  if (code >= 500) throw new AppError('upstreamUnavailable', `${WHAT}: ${said}: it is tried again later`)
  if (code === 401 || code === 404) throw new AppError('credentialsRejected', `${WHAT}: ${said}: correct the bot's token`)
  throw new AppError('misconfigured', `${WHAT}: ${said}: correct the chat, and let the bot into it`)
}
