/**
 * Backups of the whole installation.
 *
 * @module
 */
import { z } from 'zod'
import { write } from './operation.ts'

const streamed = z.custom<ReadableStream<Uint8Array>>((value) => value instanceof ReadableStream)

const BACKED_UP = {
  description: 'Every row, gzip over lines of JSON. One that breaks off, or does not end with {"end":true}, is not whole.',
  content: { 'application/gzip': { schema: { type: 'string', contentEncoding: 'binary' } } },
} as const

export const backups = {
  create: write(
    '/backups',
    'Installation',
    'Every row of one moment, secrets sealed as they are stored, without the master key (operator). `evercert backup` encrypts it',
    'installation:operate',
  )
    .route({
      outputStructure: 'detailed',
      spec: (operation) => ({ ...operation, responses: { 200: BACKED_UP } }),
    })
    .input(z.strictObject({}))
    .output(z.object({ headers: z.record(z.string(), z.string()), body: streamed })),
}
