/**
 * What every notification adapter promises: the docstring of `ports/notify.ts`, sentence by sentence. What arrived is read at the other
 * side, which refuses what is signed or shaped wrongly.
 *
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ProblemCode } from '@evercert/contract'
import { AppError } from '../../src/domain/errors.ts'
import type { NoticeMessage, NotifyChannel } from '../../src/ports/notify.ts'

export interface ArrivedMessage {
  /** Null where the format has none. */
  readonly id: string | null
  /** Everything that a reader sees. */
  readonly shown: string
}

export interface Refusing {
  readonly channel: NotifyChannel
  readonly code: ProblemCode
  /** Where the other side names the wait. */
  readonly retryAfterSeconds?: number
}

export interface NotifyHarness {
  readonly channel: NotifyChannel
  /** What the other side accepted, oldest first. */
  arrived(): readonly ArrivedMessage[]
  /** The other side does not know the token, the signature or the login. */
  withWrongCredential(): NotifyChannel
  /** Refusals by the other side, each with the code that it must become; its answers are those of the real service. */
  readonly refusals: Readonly<Record<string, () => Refusing>>
  /** Nobody listens. */
  withOutage(): NotifyChannel
  /** Takes what is sent and never answers. */
  withSilence(): NotifyChannel
  /** The same, where the operator allows no private address. */
  withForbiddenAddress(): NotifyChannel
  /** What must be in nothing that comes out. */
  readonly secrets: readonly string[]
  close(): Promise<void>
}

let count = 0

export function aMessage(wish: Partial<NoticeMessage> = {}): NoticeMessage {
  count += 1
  return {
    id: `ntc_${String(count).padStart(26, '0')}`,
    kind: 'expiry',
    language: 'zh',
    title: `证书 *.shop_${count}.example.com 将在 7 天后过期`,
    text: 'Names: *.shop.example.com, <b>a&b</b>_c\nValid until 2026-12-05 08:00 UTC.\n请立即续费。',
    url: `https://evercert.example/api/v1/certificates/crt_${count}`,
    createdAt: Date.parse('2026-11-28T08:00:00Z'),
    facts: { certificate: { id: `crt_${count}` } },
    recipients: [
      { name: '王芳', email: 'ops@example.com' },
      { name: 'Ada "A." Example', email: 'ada@example.com' },
    ],
    ...wish,
  }
}

async function failureOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    (value) => new Error(`expected a refusal, not ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  )
  if (error instanceof AppError) return error
  throw error
}

/** The sentences, run against one adapter. `name` is the adapter's id and what stands behind it. */
export function notifyContract(name: string, createHarness: () => Promise<NotifyHarness>): void {
  describe(`notify contract: ${name}`, () => {
    let h: NotifyHarness
    beforeAll(async () => {
      h = await createHarness()
    })
    afterAll(() => h.close())

    const expectNoSecret = (text: string) => {
      for (const secret of h.secrets) expect(text).not.toContain(secret)
    }
    const expectNoSecretIn = (error: AppError) => {
      for (let at: unknown = error; at instanceof Error; at = at.cause) expectNoSecret(`${at.message} ${at.stack ?? ''}`)
    }

    test('what was sent has arrived, with title, every line of the text, and link', async () => {
      const message = aMessage()
      const detail = await h.channel.send(message)
      const last = h.arrived().at(-1)
      for (const part of [message.title, ...message.text.split('\n'), message.url ?? '']) expect(last?.shown).toContain(part)
      expectNoSecret(detail)
      expectNoSecret(last?.shown ?? '')
    })

    test('without a link', async () => {
      const message = aMessage({ url: null })
      await h.channel.send(message)
      expect(h.arrived().at(-1)?.shown).toContain(message.title)
    })

    test('the same message twice has the same identifier', async () => {
      const message = aMessage()
      await h.channel.send(message)
      await h.channel.send(message)
      const [first, second] = h.arrived().slice(-2)
      expect(first?.id).toBe(second?.id)
      if (first?.id !== null) expect(first?.id).toContain(message.id)
    })

    test('a wrong credential is credentialsRejected, and is not tried again', async () => {
      const before = h.arrived().length
      const error = await failureOf(h.withWrongCredential().send(aMessage()))
      expect(error).toMatchObject({ code: 'credentialsRejected', retry: 'never' })
      expectNoSecretIn(error)
      expect(h.arrived()).toHaveLength(before)
    })

    test('each refusal of the other side has its code', async () => {
      const seen: Record<string, unknown> = {}
      const expected: Record<string, unknown> = {}
      for (const [what, refuse] of Object.entries(h.refusals)) {
        const { channel, code, retryAfterSeconds } = refuse()
        const error = await failureOf(channel.send(aMessage()))
        expectNoSecretIn(error)
        expected[what] = { code, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) }
        seen[what] = {
          code: error.code,
          ...(retryAfterSeconds !== undefined && { retryAfterSeconds: error.retryAfterSeconds }),
        }
      }
      expect(seen).toEqual(expected)
      expect(Object.keys(seen).length).toBeGreaterThan(0)
    })

    test('an outage is upstreamUnavailable', async () => {
      const error = await failureOf(h.withOutage().send(aMessage()))
      expect(error).toMatchObject({ code: 'upstreamUnavailable', retry: 'backoff' })
      expectNoSecretIn(error)
    })

    test('an address that the operator does not allow is addressForbidden', async () => {
      const error = await failureOf(h.withForbiddenAddress().send(aMessage()))
      expect(error.code).toBe('addressForbidden')
      expectNoSecretIn(error)
    })

    test('an aborted signal rejects, before and during the work', async () => {
      const before = h.arrived().length
      const reason = new Error('enough')
      await expect(h.channel.send(aMessage(), AbortSignal.abort(reason))).rejects.toBe(reason)
      const controller = new AbortController()
      const pending = h.withSilence().send(aMessage(), controller.signal)
      setTimeout(() => controller.abort(reason), 100)
      await expect(pending).rejects.toBe(reason)
      expect(h.arrived()).toHaveLength(before)
    })
  })
}
