/**
 * In which formats a certificate can be downloaded, as zod schemas.
 *
 * @module
 */
import { z } from 'zod'
import { bilingual, problemCode } from './views.ts'

export const downloadFormat = z.enum(['nginx', 'apache', 'tomcat', 'iis', 'jks', 'other', 'root'])
export type DownloadFormat = z.infer<typeof downloadFormat>

/** Formats that make sense without the private key: it is with whoever made the CSR, or on the server already. */
export const certificateFormat = downloadFormat.extract(['nginx', 'apache', 'other', 'root'])
export type CertificateFormat = z.infer<typeof certificateFormat>

/** Formats that hold the private key. */
export const keyFormat = downloadFormat.exclude(['root'])
export type KeyFormat = z.infer<typeof keyFormat>

export const downloadOffer = z.object({
  available: z.boolean(),
  files: z.array(z.string()).meta({ description: 'Names in the archive, beside README.txt' }),
  problem: z.object({ code: problemCode, text: bilingual }).nullable().meta({ description: 'Why it is not available' }),
})
export type DownloadOffer = z.infer<typeof downloadOffer>

export const downloadView = z.object({
  format: downloadFormat,
  title: bilingual,
  archive: z.string().meta({ description: 'Name of the zip file' }),
  certificateOnly: downloadOffer.nullable().meta({ description: 'null: this format always holds the key' }),
  withKey: downloadOffer.nullable().meta({ description: 'null: this format never holds the key' }),
})
export type DownloadView = z.infer<typeof downloadView>

/** A zip archive; its name comes from the certificate's. */
export const archive = z.file().mime('application/zip')
