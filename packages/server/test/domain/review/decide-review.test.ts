import { describe, expect, test } from 'vitest'
import { AppError } from '../../../src/domain/errors.ts'
import { checkApprover, checkEvidence, mayReuseReview, REVIEW_CHECKS } from '../../../src/domain/review/decide-review.ts'
import { DAY_MS } from '../../../src/domain/time.ts'

const NOW = Date.parse('2026-11-23T08:00:00Z')

function codeOf(act: () => void): string {
  try {
    act()
    return 'fine'
  } catch (error) {
    if (error instanceof AppError) return error.code
    throw error
  }
}

test.each([
  ['tok_b', 'tok_a', 'fine'],
  ['tok_a', 'tok_a', 'reviewerIsApplicant'],
  ['tok_a', null, 'reviewerIsApplicant'],
])('%s decides on what %s submitted: %s', (personId, submittedBy, expected) => {
  expect(codeOf(() => checkApprover({ personId, submittedBy }))).toBe(expected)
})

describe('an approval confirms every check of its type', () => {
  test.each([
    ['OV', REVIEW_CHECKS.OV, 'fine'],
    ['OV', REVIEW_CHECKS.EV, 'fine'],
    ['OV', REVIEW_CHECKS.OV.slice(1), 'reviewIncomplete'],
    ['EV', REVIEW_CHECKS.OV, 'reviewIncomplete'],
    ['EV', REVIEW_CHECKS.EV, 'fine'],
  ] as const)('%s with %j: %s', (type, checks, expected) => {
    expect(codeOf(() => checkEvidence(type, checks))).toBe(expected)
  })
})

describe('an earlier review stands in for another', () => {
  const earlier = { certificateType: 'OV', reviewedAt: NOW - 100 * DAY_MS, decidedBy: 'tok_b' } as const
  const wanted = { certificateType: 'OV', submittedBy: 'tok_a' } as const
  test.each([
    ['of the same kind', earlier, wanted, true],
    ['of a stricter kind', { ...earlier, certificateType: 'EV' as const }, wanted, true],
    ['not of a laxer kind', earlier, { ...wanted, certificateType: 'EV' as const }, false],
    ['on its last day', { ...earlier, reviewedAt: NOW - 398 * DAY_MS }, wanted, true],
    ['not once it is too old', { ...earlier, reviewedAt: NOW - 398 * DAY_MS - 1 }, wanted, false],
    ['not for whoever made it', earlier, { ...wanted, submittedBy: 'tok_b' }, false],
  ])('%s', (_what, one, other, expected) => {
    expect(mayReuseReview(one, other, NOW)).toBe(expected)
  })
})
