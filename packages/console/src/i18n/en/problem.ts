import type { SameKeys } from '../texts.ts'
import type { problem as zh } from '../zh/problem.ts'

export const problem: SameKeys<typeof zh> = {
  remedy: 'What to do: ',
  technical: 'Technical detail',
  fieldFault: '{{fault}}',
  detail: 'Details',
  missing: 'Missing: {{parts}}.',
  parts: {
    contact: 'contact',
    company: 'company',
    businessLicence: 'business licence',
    superior: 'superior',
    bankPermit: 'bank permit',
  },
  requestId: 'Request',
  toApprovals: 'See the request',
  approvers: 'May approve: {{names}}.',
  lacking: 'You lack the permission for this ({{scope}}).',
  retry: 'Try again',
  awayCause: 'The Evercert service cannot be reached.',
  awayRemedy: 'Check the network and that the service runs, then try again. What you sent is neither lost nor done twice.',
}
