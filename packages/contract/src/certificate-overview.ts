/**
 * The list as a whole: counts, tags, names, history, export. They belong to the group `certificates`.
 *
 * @module
 */
import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import {
  bulkTags,
  certificateQuery,
  certificateSelection,
  expiryCount,
  exportFormat,
  statusCount,
  tagChange,
} from './certificate-list.ts'
import { line } from './line.ts'
import { byId, paging, read, write } from './operation.ts'
import { certificateDetail, certificateStatus, historyEntry, id, nextStepView, page, renewalView } from './views.ts'

/** Bytes that are made while they are sent. */
const streamed = z.custom<ReadableStream<Uint8Array>>((value) => value instanceof ReadableStream)

const EXPORTED = {
  description: 'The file, streamed. One that breaks off was not sent in full.',
  content: {
    'text/csv': { schema: { type: 'string' } },
    'application/x-ndjson': { schema: { type: 'string' } },
  },
} as const

/** What is shown of a certificate is another than before. */
export const certificateEvent = z.object({
  version: z.string().meta({ description: 'Another one each time that anything changed' }),
  status: certificateStatus,
  nextStep: nextStepView,
  renewalState: renewalView.shape.state.nullable(),
})
export type CertificateEvent = z.infer<typeof certificateEvent>

/** Something of the account's certificates is another than before; what it is, the list says. */
export const listEvent = z.object({ changes: z.int().meta({ description: 'News since listening began; 0: it begins' }) })
export type ListEvent = z.infer<typeof listEvent>

/** Of certificates that live 90 days or longer; of shorter ones it is the last third of their life. */
const renewalWindow = z
  .object({
    days: z.int(),
    timeZone: z.string().nullable().meta({ description: 'Of its calendar days; null: days of 24 hours back from the end' }),
  })
  .meta({ description: 'When a certificate expires soon, as the installation is configured' })

export const overview = {
  counts: read('/certificates/counts', 'Certificates', 'How many certificates have each status', 'certificates:read')
    .input(z.strictObject({}))
    .output(page(statusCount).extend({ renewalWindow })),
  changes: read(
    '/certificates/events',
    'Certificates',
    'That something in the list may have changed, and nothing of what: an event at once, and at most one in two seconds (server-sent events; ends after 5 minutes, ask again)',
    'certificates:read',
  )
    .input(z.strictObject({}))
    .output(eventIterator(listEvent)),
  events: read(
    '/certificates/{id}/events',
    'Certificates',
    'Live progress: an event at once, and whenever anything of it changes (server-sent events; ends after 5 minutes, ask again)',
    'certificates:read',
  )
    .input(byId)
    .output(eventIterator(certificateEvent)),
  expiries: read(
    '/certificates/expiries',
    'Certificates',
    'How many valid certificates expire on each day to come; days without any are left out',
    'certificates:read',
  )
    .input(z.strictObject({ days: z.coerce.number().int().min(1).max(1100).default(366) }))
    .output(page(expiryCount)),
  history: read(
    '/certificates/{id}/history',
    'Certificates',
    'Its timeline, newest first: who, what, when, why, from which state',
    'certificates:read',
  )
    .input(z.strictObject({ id, ...paging }))
    .output(page(historyEntry)),
  rename: write('/certificates/{id}/rename', 'Certificates', 'Give it another name', 'certificates:write')
    .input(z.strictObject({ id, name: line(64) }))
    .output(certificateDetail),
  tag: write('/certificates/{id}/tags', 'Certificates', 'Add tags and remove tags', 'certificates:write')
    .input(byId.extend(tagChange))
    .output(certificateDetail),
  tagMany: write('/certificates/tags', 'Certificates', 'Add tags to and remove tags from many: all or none', 'certificates:write')
    .input(bulkTags)
    .output(z.object({ changed: z.int().meta({ description: 'Certificates whose tags are others now' }) })),
  export: write(
    '/certificates/export',
    'Certificates',
    'The filtered list, or what of it is named by id, as a file: CSV for spreadsheets, or one JSON document in each line',
    'certificates:read',
  )
    .route({
      outputStructure: 'detailed',
      spec: (operation) => ({ ...operation, responses: { 200: EXPORTED } }),
    })
    .input(z.strictObject({ ...certificateQuery, ids: certificateSelection.optional(), format: exportFormat }))
    .output(z.object({ headers: z.record(z.string(), z.string()), body: streamed })),
}
