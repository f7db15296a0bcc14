/**
 * Uploads of many certificates in one request.
 *
 * @module
 */
import { z } from 'zod'
import { write } from './operation.ts'
import { problemDocument } from './problem-document.ts'
import { MAX_UPLOADS } from './upload-limits.ts'
import { completeChain, id, renewsCertificateId, sha256 } from './views.ts'

/** Fields are checked entry by entry, so that a bad one refuses its entry and not the request. */
const entry = z.strictObject({
  name: z.string().max(1024).meta({ description: 'In the list; 1 to 64 characters, unique in the account' }),
  certificatePem: z.string().meta({ description: 'Leaf first, then intermediates' }),
  privateKeyPem: z.string().meta({ description: 'Without passphrase; encrypted at rest, never shown again' }),
  renewsCertificateId,
})

const outcome = z.discriminatedUnion('result', [
  z.object({ result: z.literal('stored'), name: z.string(), certificateId: id, sha256 }),
  z.object({ result: z.literal('wouldBeStored'), name: z.string(), sha256 }),
  z.object({ result: z.literal('refused'), name: z.string(), problem: problemDocument }),
])
/** What became of one entry, in the order of the request. An entry is stored in whole or not at all. */
export type UploadOutcome = z.infer<typeof outcome>

export const uploads = {
  create: write(
    '/certificate-uploads',
    'Certificates',
    'Upload many certificates: each is stored, or refused with its reason',
    'certificates:write',
  )
    .input(
      z.strictObject({
        entries: z.array(entry).min(1).max(MAX_UPLOADS),
        dryRun: z.boolean().default(false).meta({ description: 'Checks everything and stores nothing' }),
        completeChain,
      }),
    )
    .output(z.object({ stored: z.int(), refused: z.int(), outcomes: z.array(outcome) })),
}
