/**
 * What the list of certificates is searched, filtered and sorted by; the same for the list, its pages and its export.
 *
 * @module
 */
import { z } from 'zod'
import { CERTIFICATE_ORIGINS, CERTIFICATE_SORTS, EXPORT_FORMATS, MAX_SELECTED, RENEWAL_STAGES } from './certificate-words.ts'
import { toLine } from './line.ts'
import { bilingual, certificateStatus, id, instant } from './views.ts'

const text = z.string().overwrite(toLine).min(1).max(253)
const tagList = z.string().normalize('NFC').max(1024).meta({ description: 'Tags, separated by commas' })

export const certificateFilter = {
  status: certificateStatus.optional().meta({ description: 'Without it: all but cancelled, refunded and closed' }),
  search: z.string().normalize('NFC').max(253).optional().meta({
    description:
      'Beginning of any word of the name, of a domain or one of its parents, of a SHA-256 or serial number (8 digits or more); or a whole id',
  }),
  name: text.optional().meta({ description: 'Beginning of any word of the name, in any case' }),
  domain: text.optional().meta({ description: 'The domain, or a domain below it; IDN in either form' }),
  fingerprint: text.optional().meta({ description: 'Beginning of a SHA-256 of any of its issuances, with or without colons' }),
  serial: text.optional().meta({ description: 'Beginning of a serial number in hex, with or without colons' }),
  brand: text.optional().meta({ description: 'As bought; of an upload as its certificate tells it' }),
  issuer: text.optional().meta({ description: "Part of the issuer's name, in any case" }),
  origin: z.enum(CERTIFICATE_ORIGINS).optional(),
  expiresFrom: instant.optional().meta({ description: 'notAfter at or after' }),
  expiresTo: instant.optional().meta({ description: 'notAfter before' }),
  waitsFor: z.enum(RENEWAL_STAGES).optional().meta({
    description: 'In its window, and its renewal waits to be ordered, paid, ...; the renewal itself is found with it',
  }),
  tags: tagList.optional().meta({ description: 'Has all of these tags, separated by commas' }),
  anyTags: tagList.optional().meta({ description: 'Has one of these tags or more, separated by commas' }),
}

export const certificateSelection = z.array(id).min(1).max(MAX_SELECTED).meta({
  description:
    'These alone, as far as the filter meets them; closed ones too unless a status is given. An id that is none of yours is left out',
})

export const certificateSort = z.enum(CERTIFICATE_SORTS)
export type CertificateSort = z.infer<typeof certificateSort>

export const certificateQuery = { ...certificateFilter, sort: certificateSort.default('-created') }
export type CertificateQuery = Partial<z.input<z.ZodObject<typeof certificateQuery>>>
/** What is exported: all that the filter meets, or what of that is named. */
export type ExportQuery = CertificateQuery & { readonly ids?: readonly string[] | undefined }

/** Lower case; a comma separates tags in a filter, so that none has one. */
export const tag = z
  .string()
  .overwrite(toLine)
  .toLowerCase()
  .min(1)
  .max(64)
  .regex(/^[^,\p{Cc}\p{Cf}]+$/u)
  .meta({ description: 'Kept in lower case; no comma' })

const tags = z.array(tag).max(50).default([])
export const tagChange = { add: tags, remove: tags }

export const statusCount = z.object({ status: certificateStatus, statusText: bilingual, count: z.int() })
export type StatusCount = z.infer<typeof statusCount>

/** Of one day in UTC. A certificate that was renewed already counts as well: it expires. */
export const expiryCount = z.object({ on: z.iso.date(), count: z.int() })
export type ExpiryCount = z.infer<typeof expiryCount>

export const bulkTags = z.strictObject({ ids: z.array(id).min(1).max(MAX_SELECTED), ...tagChange })

export const exportFormat = z.enum(EXPORT_FORMATS)
export type ExportFormat = z.infer<typeof exportFormat>
