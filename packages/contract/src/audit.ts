/**
 * The audit log: what happened, by whom, and the proof that nothing of it was changed since.
 *
 * @module
 */
import { z } from 'zod'
import { paging, read, write } from './operation.ts'
import { id, instant, page } from './views.ts'

const TAG = 'Audit'
const SCOPE = 'audit:read'

export const auditOutcome = z.enum(['done', 'refused', 'failed', 'unknown']).meta({
  description: 'failed: permitted, and not possible. unknown: the service ended in the middle of it; look at what it concerns',
})
export type AuditOutcome = z.infer<typeof auditOutcome>

export const auditActorKind = z.enum(['user', 'token', 'service', 'nobody'])
export type AuditActorKind = z.infer<typeof auditActorKind>

export const auditSource = z.enum(['history', 'entry']).meta({ description: 'A change of state, or anything else' })

export const auditEntry = z.object({
  source: auditSource,
  id: z.string(),
  at: z.string().meta({ description: 'ISO 8601, UTC, microseconds' }),
  accountId: id.nullable().meta({ description: 'Null: of the installation' }),
  actor: z.string().meta({ description: 'Name of the token, e-mail address of the user, or "evercert"' }),
  actorKind: auditActorKind.nullable().meta({ description: 'Null for changes of state' }),
  action: z
    .string()
    .meta({ description: 'An operation such as tokens.create; for changes of state subject.state, such as order.paid' }),
  subject: z.string().nullable(),
  subjectId: z.string().nullable(),
  outcome: auditOutcome,
  address: z.string().nullable().meta({ description: 'Network address' }),
  requestId: z.string().nullable(),
  details: z.record(z.string(), z.unknown()).meta({ description: 'No secrets. count: so many equal ones within a minute' }),
})
export type AuditEntryView = z.infer<typeof auditEntry>

const text = z.string().min(1).max(128)

export const auditFilter = {
  from: instant.optional(),
  to: instant.optional().meta({ description: 'Up to this, and without it' }),
  actor: text.max(254).optional(),
  action: text.optional().meta({ description: 'In full (tokens.create), or what comes before the point (tokens)' }),
  subject: text.optional(),
  subjectId: text.optional().meta({ description: 'Of the subject, or of the certificate that a change of state belongs to' }),
  outcome: auditOutcome.optional(),
  installation: z
    .stringbool()
    .or(z.boolean())
    .default(false)
    .meta({ description: 'Of all accounts, and what is of none; for the operator of the installation' }),
}

export const auditCheckpointView = z.object({
  position: z.int(),
  hash: z.string(),
  at: instant,
  jws: z.string().meta({ description: 'Keep it elsewhere: with it, cutting off the newest lines is found' }),
})
export type AuditCheckpointView = z.infer<typeof auditCheckpointView>

export const auditFault = z.object({
  kind: z.enum([
    'altered',
    'removed',
    'inserted',
    'reordered',
    'checkpointForged',
    'checkpointRemoved',
    'rewritten',
    'cutOff',
    'keptUnreadable',
  ]),
  position: z.int(),
  through: z.int().meta({ description: 'The last line that may be concerned' }),
  line: z.int().nullable(),
  expected: z.string().nullable(),
  found: z.string().nullable(),
})

export const auditVerification = z.object({
  fault: auditFault.nullable().meta({ description: 'The first one; null: everything is as it was written' }),
  from: z
    .int()
    .meta({ description: 'Position after which the log begins: 0, or where what was before was removed by retention' }),
  position: z.int().meta({ description: 'Of the last checkpoint that was found right' }),
  records: z.int(),
  unsealed: z.int().meta({ description: 'Newer than the last checkpoint: signed in a few seconds' }),
  retentionAt: z.int().nullable().meta({ description: 'Position of the line that says why the beginning is missing' }),
  keptTooOld: z.boolean(),
})
export type AuditVerification = z.infer<typeof auditVerification>

const jws = z.string().min(1).max(4096)
const streamed = z.custom<ReadableStream<Uint8Array>>((value) => value instanceof ReadableStream)

const EXPORTED = {
  description: 'One JSON document in each line, streamed. What breaks off does not verify.',
  content: { 'application/x-ndjson': { schema: { type: 'string' } } },
} as const

export const audit = {
  list: read('/audit', TAG, 'List entries, newest first', SCOPE)
    .input(z.strictObject({ ...paging, ...auditFilter }))
    .output(page(auditEntry)),
  checkpoints: read('/audit/checkpoints', TAG, 'List signed checkpoints, newest first', SCOPE)
    .input(z.strictObject(paging))
    .output(page(auditCheckpointView)),
  verify: write('/audit/verify', TAG, 'Verify the whole chain (operator)', 'installation:operate', { audit: 'none' })
    .input(
      z.strictObject({ checkpoint: jws.nullable().default(null).meta({ description: 'One that was kept elsewhere, as JWS' }) }),
    )
    .output(auditVerification),
  export: write(
    '/audit/export',
    TAG,
    'The chain with its checkpoints as a file; lines of other accounts as digests, which keeps it provable',
    SCOPE,
  )
    .route({ outputStructure: 'detailed', spec: (operation) => ({ ...operation, responses: { 200: EXPORTED } }) })
    .input(
      z.strictObject({
        after: z.int().min(0).default(0).meta({ description: 'Begin with the last checkpoint up to this position' }),
        installation: z.boolean().default(false).meta({ description: 'All lines in full; for the operator' }),
      }),
    )
    .output(z.object({ headers: z.record(z.string(), z.string()), body: streamed })),
}
