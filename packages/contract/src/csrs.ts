/**
 * Stored certificate signing requests: made here, or uploaded with or without their key.
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { byId, read, remove, write } from './operation.ts'
import { id, instant, keyKind, page } from './views.ts'

export const csrView = z.object({
  id,
  name: z.string(),
  origin: z.enum(['system', 'uploaded']),
  commonName: z.string().nullable(),
  domains: z.array(z.string()),
  algorithm: z.string(),
  spkiSha256: z.string().meta({ description: 'SHA-256 of the public key, lower-case hex' }),
  hasKey: z.boolean(),
  usedByCertificateId: id.nullable().meta({ description: 'Whose application has this public key: it serves no other' }),
  agentId: id.nullable().meta({ description: 'The agent on whose host the key is' }),
  createdAt: instant,
})
export type CsrView = z.infer<typeof csrView>

export const csrDetail = csrView.extend({ csrPem: z.string() })
export type CsrDetail = z.infer<typeof csrDetail>

const name = line(64)
const privateKeyPem = z
  .string()
  .min(1)
  .max(65_536)
  .meta({ description: 'Without passphrase; encrypted at rest, never shown again' })

export const csrs = {
  list: read('/csrs', 'CSRs', 'List stored CSRs, newest first', 'certificates:read').output(page(csrView)),
  get: read('/csrs/{id}', 'CSRs', 'One CSR with its PEM', 'certificates:read').input(byId).output(csrDetail),
  create: write('/csrs', 'CSRs', 'Make a key and a CSR; the key stays here, encrypted', 'certificates:write', { created: true })
    .input(
      z.strictObject({
        name,
        domains: z.array(z.string().min(1).max(1024)).min(1).max(250).meta({ description: 'The first is the common name' }),
        key: keyKind.default('p256'),
      }),
    )
    .output(csrDetail),
  upload: write('/csrs/upload', 'CSRs', 'Store a CSR made elsewhere', 'certificates:write', { created: true })
    .input(z.strictObject({ name, csrPem: z.string().min(1).max(65_536), privateKeyPem: privateKeyPem.nullable().default(null) }))
    .output(csrDetail),
  attachKey: write('/csrs/{id}/key', 'CSRs', 'Add the private key of an uploaded CSR', 'certificates:write')
    .input(z.strictObject({ id, privateKeyPem }))
    .output(csrDetail),
  remove: remove('/csrs/{id}', 'CSRs', 'Forget a CSR that no application in progress uses', 'certificates:write')
    .input(byId)
    .output(byId),
}
