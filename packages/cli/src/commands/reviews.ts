/**
 * `evercert reviews`: the queue of OV and EV applications, and decisions on them.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reviewCheck, type ReviewCheck, type ReviewDetail } from '@evercert/contract'
import { wrongUsage } from '../failure.ts'
import { formatInstant } from '../format.ts'
import { pick } from '../language.ts'
import { formatFacts } from '../output.ts'
import { listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'
import { wordFor } from '../words.ts'

export interface ReviewListOptions {
  readonly state?: 'waiting' | 'approved' | 'refused'
}

const PAGE_SIZE = 200

export const listReviewsCommand = listCommand({
  load: (client, { state = 'waiting' }: ReviewListOptions) => client.reviews.list({ state, limit: PAGE_SIZE }),
  none: ['No review.', '没有审核。'],
  columns: [
    ['SUBMITTED', '提交时间', ({ submittedAt }) => formatInstant(submittedAt)],
    ['TYPE', '类型', ({ certificateType }) => certificateType],
    ['COMPANY', '公司', ({ companyName }) => companyName ?? '–'],
    ['DOMAINS', '域名', ({ domains }) => domains.join(', ')],
    ['BY', '申请人', ({ submittedBy }) => submittedBy ?? '–'],
    ['USUALLY UNTIL', '预计完成', ({ estimate }) => formatInstant(estimate.usuallyUntil)],
    ['ID', '编号', ({ id }) => id],
  ],
  shrink: 3,
})

export interface ReviewShowOptions {
  /** Folder for the documents. */
  readonly documents?: string
}

export async function showReviewCommand(session: Session, id: string, { documents }: ReviewShowOptions): Promise<number> {
  const client = await session.client()
  const review = await client.reviews.get({ id })
  if (documents !== undefined) {
    for (const kind of review.applicant.documents) {
      const { contentType, contentBase64 } = await client.reviews.document({ id, kind })
      const extension = contentType === 'image/png' ? 'png' : 'jpg'
      await writeFile(join(documents, `${review.id}-${kind}.${extension}`), Buffer.from(contentBase64, 'base64'), { mode: 0o600 })
    }
  }
  return showReview(session, review)
}

export interface ApproveOptions {
  readonly evidence: string
  readonly check?: readonly string[]
}

export async function approveReviewCommand(
  session: Session,
  id: string,
  { evidence, check = [] }: ApproveOptions,
): Promise<number> {
  return showReview(session, await (await session.client()).reviews.approve({ id, evidence, checks: readChecks(check) }))
}

export interface RefuseOptions {
  readonly reason: string
  readonly evidence?: string
}

export async function refuseReviewCommand(session: Session, id: string, { reason, evidence }: RefuseOptions): Promise<number> {
  return showReview(session, await (await session.client()).reviews.refuse({ id, reason, evidence: evidence ?? null }))
}

function readChecks(texts: readonly string[]): ReviewCheck[] {
  return texts.map((text) => {
    const parsed = reviewCheck.safeParse(text)
    if (parsed.success) return parsed.data
    throw wrongUsage('invalid', {
      en: `Reading --check: there is no check "${text}": use ${reviewCheck.options.join(', ')}.`,
      zh: `读取 --check：没有核查项 “${text}”，可用：${reviewCheck.options.join('、')}。`,
    })
  })
}

function showReview(session: Session, review: ReviewDetail): number {
  const { say, paint, language } = session
  session.document(review)
  const optional: readonly (readonly [string, string | null])[] = [
    [say('Id', '编号'), review.id],
    [
      say('State', '状态'),
      wordFor('review', review.state, session.language) + (review.reason === null ? '' : `: ${review.reason}`),
    ],
    [say('Certificate', '证书'), `${review.certificateId} (${review.certificateType})`],
    [say('Domains', '域名'), review.domains.join(', ')],
    [say('Submitted', '提交'), `${formatInstant(review.submittedAt)}, ${review.submittedBy ?? '–'}`],
    ...applicantFacts(session, review),
    [
      say('Checks', '核查项'),
      review.requiredChecks
        .map((check) => `${review.confirmedChecks.includes(check) ? '✔' : '·'} ${wordFor('check', check, language)}`)
        .join('  '),
    ],
    [say('Evidence', '证据'), review.evidence],
    [say('Decided', '审核'), review.decidedAt === null ? null : `${formatInstant(review.decidedAt)}, ${review.decidedBy ?? '–'}`],
    [say('Estimate', '预计完成'), review.open ? pick(review.estimate.text, language) : null],
  ]
  session.print(
    ...formatFacts(
      optional.filter((fact): fact is readonly [string, string] => fact[1] !== null),
      paint,
    ),
  )
  return 0
}

function applicantFacts({ say, language }: Session, review: ReviewDetail): readonly (readonly [string, string | null])[] {
  const { company, contact, superior, documents } = review.applicant
  const person = (one: { readonly name: string; readonly email: string; readonly phone: string } | null): string | null =>
    one === null ? null : `${one.name}, ${one.email}, ${one.phone}`
  return [
    [say('Company', '公司'), company === null ? null : `${company.name} (${wordFor('companyType', company.type, language)})`],
    [say('Registration', '注册号'), company?.registrationNumber ?? null],
    [say('Company phone', '公司电话'), company?.phone ?? null],
    [
      say('Address', '地址'),
      company === null ? null : [company.address, company.postalCode, company.city, company.region, company.country].join(', '),
    ],
    [say('Contact', '联系人'), person(contact)],
    [say('Superior', '上级负责人'), superior === null ? null : `${superior.title} ${person(superior) ?? ''}`],
    [say('Documents', '证件'), documents.map((kind) => wordFor('document', kind, language)).join(', ') || '–'],
  ]
}
