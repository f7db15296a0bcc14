/**
 * Reviews of OV and EV applications: whoever may review sees those of the account, the operator those of all accounts.
 *
 * @module
 */
import { z } from 'zod'
import { applicantView, documentContent, documentKind } from './applicant-views.ts'
import { access, byId, paging, read, write } from './operation.ts'
import { reviewCheck, reviewState } from './application-views.ts'
import { certificateType, finishEstimate, id, instant, page } from './views.ts'

export const reviewView = z.object({
  id,
  certificateId: id,
  applicationId: id,
  state: reviewState,
  open: z.boolean().meta({ description: 'Waits, and the application was not withdrawn meanwhile' }),
  certificateType,
  domains: z.array(z.string()),
  companyName: z.string().nullable(),
  submittedBy: z.string().nullable().meta({ description: 'The name of the token' }),
  isOwn: z.boolean().meta({ description: 'The caller submitted it, or may have: somebody else decides' }),
  submittedAt: instant,
  estimate: finishEstimate,
  requiredChecks: z.array(reviewCheck),
  confirmedChecks: z.array(reviewCheck),
  evidence: z.string().nullable(),
  reason: z.string().nullable(),
  decidedBy: z.string().nullable(),
  decidedAt: instant.nullable(),
  reviewedAt: instant
    .nullable()
    .meta({ description: 'When people last looked: earlier than decidedAt if an earlier review counted' }),
})
export type ReviewView = z.infer<typeof reviewView>

export const reviewDetail = reviewView.extend({ applicant: applicantView })
export type ReviewDetail = z.infer<typeof reviewDetail>

const SCOPE = 'applications:review'

export const reviews = {
  list: read('/reviews', 'Reviews', 'The queue, oldest first; or the decided ones, newest first', SCOPE)
    .input(z.strictObject({ ...paging, state: reviewState.default('waiting') }))
    .output(page(reviewView)),
  get: read('/reviews/{id}', 'Reviews', 'One review with who applies', SCOPE).input(byId).output(reviewDetail),
  document: access('/reviews/{id}/documents', 'Reviews', 'A document that was sent with the application', SCOPE)
    .input(z.strictObject({ id, kind: documentKind.default('businessLicence') }))
    .output(documentContent),
  approve: write('/reviews/{id}/approve', 'Reviews', 'Approve; not with the token that submitted', SCOPE)
    .input(
      z.strictObject({
        id,
        evidence: z.string().trim().min(1).max(8000).meta({ description: 'What was looked at, and what it showed' }),
        checks: z.array(reviewCheck).max(reviewCheck.options.length),
      }),
    )
    .output(reviewDetail),
  refuse: write('/reviews/{id}/refuse', 'Reviews', 'Refuse with a reason that the applicant sees', SCOPE)
    .input(
      z.strictObject({
        id,
        reason: z.string().trim().min(1).max(2000),
        evidence: z.string().trim().max(8000).nullable().default(null),
        checks: z.array(reviewCheck).max(reviewCheck.options.length).default([]),
      }),
    )
    .output(reviewDetail),
}
