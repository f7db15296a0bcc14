/**
 * The chat services, each against a fixture that verifies what the real one verifies. Their formats were looked up in November 2026.
 */
import { createHmac } from 'node:crypto'
import { z } from 'zod'
import { expect, test } from 'vitest'
import { dingtalk } from '../../src/adapters/notify/dingtalk.ts'
import { feishu } from '../../src/adapters/notify/feishu.ts'
import { slack } from '../../src/adapters/notify/slack.ts'
import { telegram } from '../../src/adapters/notify/telegram.ts'
import { wecom } from '../../src/adapters/notify/wecom.ts'
import { aMessage, notifyContract } from './notify-contract.ts'
import { answer, createRobotHarness, HTTP_REFUSALS, jsonOf, type Judgement } from './robot-fixture.ts'

const HOUR_MS = 3_600_000
const refuse = (value: object, status = 200): Judgement => ({ accepted: null, reply: answer(value, status) })
const accept = (shown: string, value: object): Judgement => ({ accepted: { id: null, shown }, reply: answer(value) })

const DINGTALK_SECRET = `SEC${'d1'.repeat(32)}`
const textBody = z.strictObject({ msgtype: z.literal('text'), text: z.strictObject({ content: z.string().max(20_000) }) })

notifyContract('dingtalk, signed', () =>
  createRobotHarness({
    adapter: dingtalk,
    token: (ending) => `${'ab12'.repeat(14)}${ending}`,
    tokenOf: ({ url }) => url.searchParams.get('access_token') ?? '',
    settings: (base, token) => ({ webhookUrl: `${base}/robot/send?access_token=${token}`, secret: DINGTALK_SECRET }),
    wrongSettings: (base, token) => ({ webhookUrl: `${base}/robot/send?access_token=${token}`, secret: `SEC${'00'.repeat(32)}` }),
    judge: (request, token) => {
      const { pathname, searchParams } = request.url
      if (pathname !== '/robot/send' || searchParams.get('access_token') !== token)
        return refuse({ errcode: 300005, errmsg: 'token is not exist' })
      const timestamp = searchParams.get('timestamp') ?? ''
      const sign = createHmac('sha256', DINGTALK_SECRET).update(`${timestamp}\n${DINGTALK_SECRET}`).digest('base64')
      if (!/^\d{13}$/.test(timestamp) || Math.abs(Date.now() - Number(timestamp)) > HOUR_MS || searchParams.get('sign') !== sign)
        return refuse({ errcode: 310000, errmsg: 'sign not match, more: [https://ding-doc.dingtalk.com/doc#/serverapi2/qf2nxq]' })
      const body = textBody.safeParse(jsonOf(request))
      if (!body.success) return refuse({ errcode: 40035, errmsg: '缺少参数 json' })
      return accept(body.data.text.content, { errcode: 0, errmsg: 'ok' })
    },
    refusals: {
      ...HTTP_REFUSALS,
      'too many in a minute': {
        reply: answer({ errcode: 130101, errmsg: 'send too fast, exceed 20 times per minute' }),
        code: 'rateLimited',
        retryAfterSeconds: 600,
      },
      'busy, with 200': { reply: answer({ errcode: -1, errmsg: '系统繁忙' }), code: 'upstreamUnavailable' },
      'the group was dissolved, with 200': { reply: answer({ errcode: 400013, errmsg: '群已被解散' }), code: 'misconfigured' },
      'keywords not in content, with 200': {
        reply: answer({ errcode: 310000, errmsg: 'keywords not in content' }),
        code: 'credentialsRejected',
      },
    },
    secrets: [DINGTALK_SECRET],
  }),
)

const wecomBody = z.strictObject({ msgtype: z.literal('text'), text: z.strictObject({ content: z.string() }) })
const WECOM_HINT =
  'hint: [1755605200056773468916791], from ip: 198.51.100.7, more info at https://open.work.weixin.qq.com/devtool/query?e='

notifyContract('wecom', () =>
  createRobotHarness({
    adapter: wecom,
    token: (ending) => `693a91f6-7aec-4bc4-97a0-${ending.padStart(12, 'x')}`,
    tokenOf: ({ url }) => url.searchParams.get('key') ?? '',
    settings: (base, key) => ({ webhookUrl: `${base}/cgi-bin/webhook/send?key=${key}` }),
    wrongSettings: (base) => ({ webhookUrl: `${base}/cgi-bin/webhook/send?key=693a91f6-7aec-4bc4-97a0-000000000000` }),
    judge: (request, key) => {
      const { pathname, searchParams } = request.url
      if (pathname !== '/cgi-bin/webhook/send' || searchParams.get('key') !== key)
        return refuse({ errcode: 93000, errmsg: `invalid webhook url, ${WECOM_HINT}93000` })
      const body = wecomBody.safeParse(jsonOf(request))
      if (!body.success) return refuse({ errcode: 40008, errmsg: `invalid message type, ${WECOM_HINT}40008` })
      if (Buffer.byteLength(body.data.text.content) > 2048)
        return refuse({ errcode: 40058, errmsg: `content exceed max length 2048, ${WECOM_HINT}40058` })
      return accept(body.data.text.content, { errcode: 0, errmsg: 'ok' })
    },
    refusals: {
      ...HTTP_REFUSALS,
      'too often, with 200': {
        reply: answer({ errcode: 45009, errmsg: `api freq out of limit, ${WECOM_HINT}45009` }),
        code: 'rateLimited',
        retryAfterSeconds: 60,
      },
      'busy, with 200': { reply: answer({ errcode: -1, errmsg: 'system error' }), code: 'upstreamUnavailable' },
      'an unknown code, with 200': {
        reply: answer({ errcode: 40058, errmsg: 'invalid Request Parameter' }),
        code: 'misconfigured',
      },
    },
  }),
)

const FEISHU_SECRET = 'f3Ishu-signing-secret'
const feishuBody = z.strictObject({
  timestamp: z.string(),
  sign: z.string(),
  msg_type: z.literal('post'),
  content: z.strictObject({
    post: z.strictObject({
      zh_cn: z.strictObject({
        title: z.string(),
        content: z.array(
          z.array(
            z.union([
              z.strictObject({ tag: z.literal('text'), text: z.string() }),
              z.strictObject({ tag: z.literal('a'), text: z.string(), href: z.url() }),
            ]),
          ),
        ),
      }),
    }),
  }),
})

notifyContract('feishu, signed', () =>
  createRobotHarness({
    adapter: feishu,
    token: (ending) => `b1c2d3e4-0000-4000-8000-${ending.padStart(12, 'f')}`,
    tokenOf: ({ url }) => url.pathname.split('/').at(-1) ?? '',
    settings: (base, token) => ({ webhookUrl: `${base}/open-apis/bot/v2/hook/${token}`, secret: FEISHU_SECRET }),
    wrongSettings: (base, token) => ({ webhookUrl: `${base}/open-apis/bot/v2/hook/${token}`, secret: 'another-secret' }),
    judge: (request, token) => {
      if (request.url.pathname !== `/open-apis/bot/v2/hook/${token}`)
        return refuse({ code: 19001, msg: 'param invalid: incoming webhook access token invalid', data: {} }, 400)
      const body = feishuBody.safeParse(jsonOf(request))
      if (!body.success) return refuse({ code: 9499, msg: 'Bad Request', data: {} }, 400)
      const { timestamp, sign, content } = body.data
      const expected = createHmac('sha256', `${timestamp}\n${FEISHU_SECRET}`).digest('base64')
      if (!/^\d{10}$/.test(timestamp) || Math.abs(Date.now() - Number(timestamp) * 1000) > HOUR_MS || sign !== expected)
        return refuse({ code: 19021, msg: 'sign match fail or timestamp is not within one hour from current time', data: {} })
      const { title, content: lines } = content.post.zh_cn
      const shown = [title, ...lines.map((line) => line.map(({ text }) => text).join(''))].join('\n')
      return accept(shown, { StatusCode: 0, StatusMessage: 'success', code: 0, data: {}, msg: 'success' })
    },
    refusals: {
      ...HTTP_REFUSALS,
      'too often, with 200': {
        reply: answer({ code: 11232, msg: 'frequency limited', data: {} }),
        code: 'rateLimited',
        retryAfterSeconds: 60,
      },
      'too often, with 400': {
        reply: answer({ code: 99991400, msg: 'request trigger frequency limit' }, 400),
        code: 'rateLimited',
        retryAfterSeconds: 60,
      },
      'malformed, with 400': { reply: answer({ code: 9499, msg: 'Bad Request', data: {} }, 400), code: 'misconfigured' },
      'unknown webhook, with 400': {
        reply: answer({ code: 19001, msg: 'param invalid: incoming webhook access token invalid' }, 400),
        code: 'credentialsRejected',
      },
      'key words not found, with 200': {
        reply: answer({ code: 19024, msg: 'Key Words Not Found' }),
        code: 'credentialsRejected',
      },
    },
    secrets: [FEISHU_SECRET],
  }),
)

const slackBody = z.strictObject({
  text: z.string().min(1),
  blocks: z
    .tuple([
      z.strictObject({
        type: z.literal('header'),
        text: z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(150), emoji: z.boolean() }),
      }),
      z.strictObject({
        type: z.literal('section'),
        text: z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(3000), emoji: z.boolean() }),
      }),
    ])
    .rest(
      z.strictObject({
        type: z.literal('section'),
        text: z.strictObject({ type: z.literal('mrkdwn'), text: z.string().max(3000), verbatim: z.boolean() }),
      }),
    ),
})

notifyContract('slack', () =>
  createRobotHarness({
    adapter: slack,
    token: (ending) => `Xy${ending.padStart(22, 'z')}`,
    tokenOf: ({ url }) => url.pathname.split('/').at(-1) ?? '',
    settings: (base, token) => ({ webhookUrl: `${base}/services/T0AAAAAAA/B0BBBBBBB/${token}` }),
    wrongSettings: (base) => ({ webhookUrl: `${base}/services/T0AAAAAAA/B0BBBBBBB/${'0'.repeat(24)}` }),
    judge: (request, token) => {
      if (request.url.pathname !== `/services/T0AAAAAAA/B0BBBBBBB/${token}`)
        return { accepted: null, reply: { status: 403, body: 'invalid_token' } }
      const body = slackBody.safeParse(jsonOf(request))
      if (!body.success) return { accepted: null, reply: { status: 400, body: 'invalid_payload' } }
      return { accepted: { id: null, shown: body.data.blocks.map(({ text }) => text.text).join('\n') }, reply: { body: 'ok' } }
    },
    refusals: {
      ...HTTP_REFUSALS,
      'too often': {
        reply: { status: 429, headers: { 'retry-after': '30' }, body: 'rate_limited' },
        code: 'rateLimited',
        retryAfterSeconds: 30,
      },
      'removed webhook': { reply: { status: 404, body: 'no_service' }, code: 'credentialsRejected' },
      'archived channel': { reply: { status: 410, body: 'channel_is_archived' }, code: 'misconfigured' },
      malformed: { reply: { status: 400, body: 'invalid_payload' }, code: 'misconfigured' },
    },
  }),
)

const telegramBody = z.strictObject({
  chat_id: z.literal('-1001234567890'),
  text: z.string().min(1).max(4096),
  link_preview_options: z.strictObject({ is_disabled: z.boolean() }),
})

notifyContract('telegram', () =>
  createRobotHarness({
    adapter: telegram,
    token: (ending) => `123456789:AA${ending.padStart(33, 'H')}`,
    tokenOf: ({ url }) => /^\/bot([^/]+)\//.exec(url.pathname)?.[1] ?? '',
    settings: (apiBase, botToken) => ({ apiBase, botToken, chatId: '-1001234567890' }),
    wrongSettings: (apiBase) => ({ apiBase, botToken: `123456789:AA${'0'.repeat(33)}`, chatId: '-1001234567890' }),
    judge: (request, token) => {
      if (request.url.pathname !== `/bot${token}/sendMessage`)
        return refuse({ ok: false, error_code: 401, description: 'Unauthorized' }, 401)
      const body = telegramBody.safeParse(jsonOf(request))
      if (!body.success) return refuse({ ok: false, error_code: 400, description: 'Bad Request: chat not found' }, 400)
      return accept(body.data.text, { ok: true, result: { message_id: 7 } })
    },
    refusals: {
      ...HTTP_REFUSALS,
      'HTTP 503 with Retry-After': { reply: { status: 503 }, code: 'upstreamUnavailable' },
      'too often': {
        reply: answer(
          { ok: false, error_code: 429, description: 'Too Many Requests: retry after 34', parameters: { retry_after: 34 } },
          429,
        ),
        code: 'rateLimited',
        retryAfterSeconds: 34,
      },
      'no such chat': {
        reply: answer({ ok: false, error_code: 400, description: 'Bad Request: chat not found' }, 400),
        code: 'misconfigured',
      },
      'the bot was put out': {
        reply: answer({ ok: false, error_code: 403, description: 'Forbidden: bot was kicked from the supergroup chat' }, 403),
        code: 'misconfigured',
      },
    },
  }),
)

test.each([
  ['dingtalk', dingtalk.config, { webhookUrl: 'ftp://oapi.dingtalk.com/robot/send' }],
  ['wecom', wecom.config, { webhookUrl: 'https://user:pass@qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1' }],
  ['feishu', feishu.config, {}],
  ['slack', slack.config, { webhookUrl: 'hooks.slack.com/services/x' }],
  ['telegram', telegram.config, { botToken: 'a token', chatId: '1' }],
])('%s: settings that cannot work are refused', (_id, config, settings) => {
  expect(config.safeParse(settings).success).toBe(false)
})

test('wecom cuts what is too long, never the link, and never a character in two', async () => {
  const harness = await createRobotHarness({
    adapter: wecom,
    token: (ending) => ending,
    tokenOf: ({ url }) => url.searchParams.get('key') ?? '',
    settings: (base, key) => ({ webhookUrl: `${base}/?key=${key}` }),
    wrongSettings: (base, key) => ({ webhookUrl: `${base}/?key=${key}` }),
    judge: (request) => {
      const { content } = wecomBody.parse(jsonOf(request)).text
      return Buffer.byteLength(content) > 2048 ? refuse({ errcode: 40058 }) : accept(content, { errcode: 0, errmsg: 'ok' })
    },
    refusals: {},
  })
  const message = aMessage({ text: '长'.repeat(5000) })
  await harness.channel.send(message)
  const shown = harness.arrived()[0]?.shown ?? ''
  expect(shown).toContain(message.url ?? '-')
  expect(shown).toContain('长…')
  expect(shown).not.toContain('\uFFFD')
  await harness.close()
})
