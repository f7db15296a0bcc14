/**
 * The application for a certificate as zod schemas: its form, its validations and its review.
 *
 * @module
 */
import { z } from 'zod'
import { applicantView, contact, location, superior } from './applicant-views.ts'
import { bilingual, finishEstimate, id, instant, keyKind, problemCode } from './views.ts'

export const agentName = z.string().regex(/^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$/, 'lower-case letters, digits, dots, dashes')
/** As the host's own configuration names it. */
export const siteName = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,126}[A-Za-z0-9])?$/, 'letters, digits, dots, dashes')

/** Where the key of a certificate is made: by which agent, for which site. */
export const hostKey = z.strictObject({ agent: agentName, site: siteName })
export type HostKey = z.infer<typeof hostKey>

export const applicationForm = z.strictObject({
  domains: z.array(z.string().min(1).max(1024)).min(1).max(250),
  validationMethod: z.enum(['file', 'dnsManual', 'dnsAutomatic']),
  dnsConnectionId: id.nullable().default(null),
  contact: contact.nullable().default(null).meta({ description: 'In place of a stored one' }),
  contactId: id.nullable().default(null),
  location: location.nullable().default(null),
  companyId: id.nullable().default(null).meta({ description: 'OV and EV' }),
  superior: superior.nullable().default(null).meta({ description: 'EV' }),
  key: keyKind.default('p256'),
  csrPem: z
    .string()
    .max(65_536)
    .nullable()
    .default(null)
    .meta({ description: 'A CSR of your own; its key then never leaves you' }),
  csrId: id.nullable().default(null).meta({ description: 'A stored CSR' }),
  hostKey: hostKey
    .nullable()
    .default(null)
    .meta({ description: 'The key is made on the host of an agent, anew for each application, and stays there' }),
})
export type ApplicationFormView = z.infer<typeof applicationForm>

/** What one authoritative name server answers for the record of a validation. */
export const serverAnswer = z.object({
  server: z.string(),
  address: z.string().nullable().meta({ description: 'null: the name of the server has no address' }),
  answer: z.enum(['seen', 'otherValue', 'noRecord', 'noAnswer']),
  values: z.array(z.string()).meta({ description: 'TXT values, shortened' }),
  problem: z.string().nullable(),
})
export type ServerAnswer = z.infer<typeof serverAnswer>

export const validationView = z.object({
  domain: z.string(),
  method: z.enum(['file', 'dns']),
  location: z.string().meta({ description: 'file: the URL; dns: the record name' }),
  forwardTo: z.string().nullable().meta({
    description:
      'file: where the web server may forward /.well-known/ to, in place of a file that is copied; the listener of EVERCERT_HTTP01_PORT answers the same path',
  }),
  content: z.string(),
  state: z.enum(['pending', 'processing', 'valid', 'invalid']),
  problem: z.string().nullable(),
  validatedAt: instant.nullable(),
  reused: z.boolean().meta({ description: 'Proved for an earlier application, at validatedAt, and not again' }),
  servers: z.array(serverAnswer).meta({ description: 'dns: what each authoritative server said at the last check' }),
  serversAskedAt: instant.nullable(),
})

export const reviewState = z.enum(['waiting', 'approved', 'refused'])
export const reviewCheck = z.enum([
  'legalExistence',
  'address',
  'telephone',
  'applicantAuthority',
  'physicalExistence',
  'superiorApproval',
  'bankPermit',
])
export type ReviewCheck = z.infer<typeof reviewCheck>

export const applicationView = z.object({
  certificateId: id,
  id: id.nullable().meta({ description: 'null while only prefilled' }),
  state: z.enum(['draft', 'pendingValidation', 'inReview', 'reviewFailed', 'issued', 'withdrawn']),
  form: applicationForm
    .extend({
      domains: z.array(z.string()).max(250).meta({ description: 'Empty in the draft of a new purchase' }),
    })
    .meta({ description: 'Once issued: as it is sent to have it issued again, with a fresh key' }),
  prefilledFrom: id.nullable(),
  applicant: applicantView.nullable().meta({ description: 'As it was sent; null while only prefilled' }),
  review: z
    .object({
      id,
      state: reviewState,
      reason: z.string().nullable(),
      decidedAt: instant.nullable(),
      reviewedAt: instant.nullable(),
    })
    .nullable()
    .meta({ description: 'OV and EV' }),
  estimate: finishEstimate.nullable().meta({ description: 'null when not submitted, issued, or withdrawn' }),
  validations: z.array(validationView),
  problem: z.object({ code: problemCode, detail: z.string(), cause: bilingual, remedy: bilingual }).nullable(),
  retryAt: instant.nullable(),
  submittedAt: instant.nullable(),
})
export type ApplicationView = z.infer<typeof applicationView>
export type ValidationView = z.infer<typeof validationView>
