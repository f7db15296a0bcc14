/**
 * Fixtures of chat services: each checks token, signature and shape of a request as the real one does, and answers in its words.
 *
 * @module
 */
import type { ProblemCode } from '@evercert/contract'
import { startHttpReceiver, type ReceivedRequest, type Reply } from '../../../../test/harness/http-receiver.ts'
import { freePort } from '../../../../test/harness/ports.ts'
import type { NotifyAdapter, NotifyChannel } from '../../src/ports/notify.ts'
import type { ArrivedMessage, NotifyHarness } from './notify-contract.ts'
import { createNotifyKits } from './notify-kit.ts'

/** What the real service says when it accepts or refuses. */
export type Judgement =
  { readonly accepted: ArrivedMessage; readonly reply: Reply } | { readonly accepted: null; readonly reply: Reply }

export interface RobotFixture<Config> {
  readonly adapter: NotifyAdapter<Config>
  /** Settings for the service at `base`; `token` is the secret that it knows the robot by. */
  readonly settings: (base: string, token: string) => Record<string, unknown>
  /** The same with something that the service does not accept. */
  readonly wrongSettings: (base: string, token: string) => Record<string, unknown>
  /** A token of the real form, ending in what tells the fixture's robots apart. */
  readonly token: (ending: string) => string
  readonly tokenOf: (request: ReceivedRequest) => string
  readonly judge: (request: ReceivedRequest, token: string) => Judgement
  /** Answers of the real service that no request of ours can bring about at will. */
  readonly refusals: Readonly<
    Record<string, { readonly reply: Reply; readonly code: ProblemCode; readonly retryAfterSeconds?: number }>
  >
  readonly secrets?: readonly string[]
}

export async function createRobotHarness<Config>(fixture: RobotFixture<Config>): Promise<NotifyHarness> {
  const arrived: ArrivedMessage[] = []
  const good = fixture.token('good')
  const names = Object.keys(fixture.refusals)
  const tokens = new Map(names.map((name, index) => [fixture.token(`case${index}`), name]))
  const receiver = await startHttpReceiver((request) => {
    const token = fixture.tokenOf(request)
    const forced = tokens.get(token)
    const judgement = fixture.judge(request, forced === undefined ? good : token)
    // A refusal at will counts only for a request that was right in all else.
    if (forced !== undefined && judgement.accepted !== null) return fixture.refusals[forced]?.reply ?? null
    if (judgement.accepted !== null) arrived.push(judgement.accepted)
    return judgement.reply
  })
  const silent = await startHttpReceiver(() => null)
  const kits = createNotifyKits()
  const deadPort = await freePort()
  const create = (settings: Record<string, unknown>, kit = kits.kit): NotifyChannel =>
    fixture.adapter.create(fixture.adapter.config.parse(settings), kit)
  return {
    channel: create(fixture.settings(receiver.url, good)),
    arrived: () => arrived,
    withWrongCredential: () => create(fixture.wrongSettings(receiver.url, good)),
    refusals: Object.fromEntries(
      [...tokens].map(([token, name]) => {
        const { code, retryAfterSeconds } = fixture.refusals[name] ?? { code: 'internal' as const }
        const channel = create(fixture.settings(receiver.url, token))
        return [name, () => ({ channel, code, ...(retryAfterSeconds !== undefined && { retryAfterSeconds }) })]
      }),
    ),
    withOutage: () => create(fixture.settings(`http://127.0.0.1:${deadPort}`, good)),
    withSilence: () => create(fixture.settings(silent.url, good)),
    withForbiddenAddress: () => create(fixture.settings(receiver.url, good), kits.strict),
    secrets: [good, ...tokens.keys(), ...(fixture.secrets ?? [])],
    close: async () => {
      await Promise.all([receiver.close(), silent.close(), kits.close()])
    },
  }
}

/** A JSON body, or null. */
export function jsonOf(request: ReceivedRequest): Record<string, unknown> | null {
  if (request.method !== 'POST' || !/^application\/json\b/.test(request.headers['content-type'] ?? '')) return null
  try {
    return JSON.parse(request.body) as Record<string, unknown>
  } catch {
    return null
  }
}

export const answer = (value: object, status = 200): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})

export const HTTP_REFUSALS = {
  'HTTP 500': { reply: { status: 500, body: '<html>Internal Server Error</html>' }, code: 'upstreamUnavailable' },
  'HTTP 503 with Retry-After': {
    reply: { status: 503, headers: { 'retry-after': '30' } },
    code: 'upstreamUnavailable',
    retryAfterSeconds: 30,
  },
  'a page of somebody else': { reply: { body: '<html>Log in</html>' }, code: 'upstreamUnavailable' },
} as const
