/**
 * Notices, their deliveries, channels and settings as the API shows them.
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { bilingual, id, instant } from './views.ts'

/**
 * `expiry` before notAfter and at it, `expired` after it; `reviewWaiting` and `approvalWaiting` when a person has to decide, `approvalDecided`
 * when one did, for who asked; `moneyCredited` when money paid no order and went to the balance; the others when something failed.
 */
export const noticeKind = z.enum([
  'expiry',
  'expired',
  'applicationRefused',
  'renewalAttention',
  'deploymentFailed',
  'deploymentRolledBack',
  'endpointStrayed',
  'revokedByCa',
  'reviewWaiting',
  'approvalWaiting',
  'moneyCredited',
  'managedBlocked',
  'approvalDecided',
  'deliveryGivenUp',
])
export type NoticeKindView = z.infer<typeof noticeKind>

export const channelRole = z.enum(['always', 'fallback']).meta({
  description: 'always: carries every notice. fallback: carries what another channel fails to deliver, in the order of creation',
})

export const channelView = z.object({
  id,
  name: z.string(),
  kind: z.string().meta({ description: 'Of docs/generated/adapters.md, "notify"' }),
  role: channelRole,
  createdAt: instant,
})
export type ChannelView = z.infer<typeof channelView>

/** What happened to a test message. A refusal is an answer, not an error of the request. */
export const channelTestView = z.object({
  delivered: z.boolean(),
  detail: z.string().meta({ description: 'What the other side said, or what went wrong and what to do' }),
  code: z.string().nullable().meta({ description: 'The code of what went wrong' }),
})
export type ChannelTestView = z.infer<typeof channelTestView>

export const deliveryView = z.object({
  id,
  channelId: id,
  channelName: z.string(),
  state: z.enum(['planned', 'failed', 'sent', 'givenUp', 'obsolete']),
  attempts: z.int(),
  nextAttemptAt: instant.nullable(),
  sentAt: instant.nullable(),
  problem: z.object({ code: z.string(), detail: z.string() }).nullable(),
})
export type DeliveryView = z.infer<typeof deliveryView>

export const noticeView = z.object({
  id,
  kind: noticeKind,
  certificateId: id.nullable().meta({ description: 'Null: it is about the account' }),
  certificateName: z.string(),
  isPersonal: z.boolean().meta({ description: 'For the caller alone: the others do not see it' }),
  title: bilingual,
  text: bilingual,
  url: z.string().nullable().meta({ description: 'The place with the public address of the service; null when that is not set' }),
  place: z
    .object({ path: z.string(), title: bilingual })
    .meta({ description: 'The page of the console where what it asks for is done' }),
  createdAt: instant,
  readAt: instant.nullable(),
  deliveries: z.array(deliveryView),
})
export type NoticeView = z.infer<typeof noticeView>

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 22:30')

export const recipient = z.strictObject({ name: line(64), email: z.email().max(254) })

/** All of them at once: what is set replaces what was. */
export const noticeSettings = z.strictObject({
  leadsDays: z.array(z.int().min(0).max(90)).min(1).max(12).meta({
    description: 'Days before expiry; 0 is the moment itself. Lifetimes under 90 days: the same fractions of the lifetime',
  }),
  quietHours: z
    .strictObject({ from: clock, until: clock })
    .nullable()
    .meta({ description: 'Nothing is sent from … until …, at most 23 hours; over midnight when "from" is the later one' }),
  timeZone: z.string().min(1).max(64).meta({ description: 'Of the quiet hours: an IANA name such as Asia/Shanghai' }),
  language: z.enum(['en', 'zh']),
  recipients: z.array(recipient).max(10).meta({ description: 'Who gets the mails' }),
})
export type NoticeSettingsView = z.infer<typeof noticeSettings>
