/**
 * Notices under test: a receiver of webhooks, and rounds of planning and delivery made by hand.
 *
 * @module
 */
import { startHttpReceiver, type HttpReceiver, type Reply } from '../../../../test/harness/http-receiver.ts'
import { createCourier } from '../../src/services/notices/courier.ts'
import { planDueNotices } from '../../src/services/notices/plan.ts'
import type { TestAccount } from './builders.ts'
import type { TestService } from './service.ts'

export interface ReceivedNotice {
  readonly id: string
  readonly type: string
  readonly certificateId: string
  readonly title: string
  readonly stageDays: number | null
}

export interface NoticeReceiver extends Pick<HttpReceiver, 'url' | 'close'> {
  /** Answers every request from now on; null accepts again. */
  answerWith(reply: Reply | null): void
  /** How many messages arrived, about whatever. */
  count(): number
  /** What arrived about one certificate, oldest first; refused ones too. */
  receivedAbout(certificateId: string): ReceivedNotice[]
}

export async function startNoticeReceiver(): Promise<NoticeReceiver> {
  let reply: Reply | null = null
  const receiver = await startHttpReceiver(() => reply ?? { status: 200 })
  return {
    url: receiver.url,
    close: () => receiver.close(),
    answerWith: (next) => {
      reply = next
    },
    count: () => receiver.requests.length,
    receivedAbout: (certificateId) =>
      receiver.requests
        .map(({ headers, body }) => {
          const { type, data } = JSON.parse(body) as {
            type: string
            data: { title: string; stageDays: number | null; certificate: { id: string } }
          }
          const { title, stageDays, certificate } = data
          return { id: String(headers['webhook-id']), type, certificateId: certificate.id, title, stageDays }
        })
        .filter((each) => each.certificateId === certificateId),
  }
}

export const WEBHOOK_SECRET = `whsec_${Buffer.alloc(24, 5).toString('base64')}`

export async function addWebhook(
  account: TestAccount,
  receiver: Pick<NoticeReceiver, 'url'>,
  wish: { readonly name?: string; readonly role?: 'always' | 'fallback' } = {},
): Promise<string> {
  const { name = 'hook', role = 'always' } = wish
  const config = { url: `${receiver.url}/hook`, secret: WEBHOOK_SECRET }
  return (await account.client.channels.create({ name, role, kind: 'webhook', config })).id
}

/** What the worker does every second, once, and waited for. @returns how many attempts were made */
export async function runRound(service: TestService): Promise<number> {
  while ((await planDueNotices(service.services)) > 0);
  return deliverAll(service)
}

export async function deliverAll(service: TestService): Promise<number> {
  const courier = createCourier(service.services, new AbortController().signal)
  let attempts = 0
  for (let started = await courier.round(); started > 0; started = await courier.round()) {
    attempts += started
    await courier.idle()
  }
  return attempts
}
