import type { SameKeys } from '../texts.ts'
import type { applications as zh } from '../zh/applications.ts'

export const applications: SameKeys<typeof zh> = {
  title: 'Applications',
  intro: 'Every application that is to be submitted or is under way, with its next step.',
  filter: 'Filter by status',
  all: 'All',
  certificate: 'Certificate',
  estimate: 'Expected',
  apply: 'Fill in the form',
  correct: 'Correct it',
  validate: 'Complete the validation',
  see: 'See how it goes',
  means: {
    reviewFailed: 'They were refused. Read why, correct them and submit them again.',
    pendingValidation: 'They are submitted and wait for the validation of their domains.',
    pendingApplication: 'They are paid for and not submitted yet.',
    inReview: 'They are with the reviewers or the CA: nothing is to be done.',
  },
  noneHere: 'No application has this status.',
  emptyTitle: 'No application is under way',
  emptyText: 'When a certificate or a renewal is bought and paid for, its application is here.',
}
