/**
 * What is ahead of an account: renewals of the months to come, and how far those of today are. They belong to the group `certificates`.
 *
 * @module
 */
import { z } from 'zod'
import { FIRST_STEPS, RENEWAL_STAGES } from './certificate-words.ts'
import { read } from './operation.ts'
import { id, instant } from './views.ts'

export const renewalForecast = z.object({
  asOf: instant,
  certificates: z.int().meta({ description: 'Valid and not renewed yet: the last of each chain of renewals' }),
  rules: z.array(
    z.object({
      from: instant.nullable().meta({ description: 'Issued from then on; null: before the schedule began' }),
      validityDays: z.int().meta({ description: 'How long a publicly trusted certificate may live (BR 6.3.2)' }),
    }),
  ),
  months: z.array(
    z.object({
      month: z.string().meta({ description: 'YYYY-MM, in UTC' }),
      renewals: z
        .int()
        .meta({ description: 'Certificates to be issued anew, whether bought or at no charge within a period paid for' }),
      underRulesOfToday: z.int().meta({ description: 'The same if the rules of today went on' }),
    }),
  ),
})
export type RenewalForecast = z.infer<typeof renewalForecast>

export const renewalStage = z.enum(RENEWAL_STAGES)

export const renewalFunnel = z.object({
  entered: z.int().meta({ description: 'Valid certificates whose renewal window is open' }),
  stages: z.array(
    z.object({
      stage: renewalStage,
      reached: z.int(),
      waiting: z.int().meta({ description: 'Reached the stage before, and not this one: `waitsFor` of the list finds them' }),
    }),
  ),
})
export type RenewalFunnel = z.infer<typeof renewalFunnel>

export const firstSteps = z.object({
  isNeeded: z.boolean().meta({ description: 'False: the account has more certificates than one who begins' }),
  certificateId: id.nullable().meta({ description: 'The certificate that is furthest on this way' }),
  steps: z.array(z.object({ step: z.enum(FIRST_STEPS), isDone: z.boolean() })),
})
export type FirstSteps = z.infer<typeof firstSteps>

export const outlook = {
  firstSteps: read(
    '/certificates/first-steps',
    'Certificates',
    'How far the account is on the way to its first proved renewal',
    'certificates:read',
  )
    .input(z.strictObject({}))
    .output(firstSteps),
  forecast: read(
    '/certificates/forecast',
    'Certificates',
    'How many renewals each month to come will bring, as the rules for publicly trusted certificates shrink',
    'certificates:read',
  )
    .input(z.strictObject({ months: z.coerce.number().int().min(1).max(60).default(36) }))
    .output(renewalForecast),
  funnel: read(
    '/certificates/funnel',
    'Certificates',
    'Of the certificates whose window is open: ordered, paid, applied for, issued, installed, proved; and where the others wait',
    'certificates:read',
  )
    .input(z.strictObject({}))
    .output(renewalFunnel),
}
