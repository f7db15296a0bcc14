/**
 * Four eyes: what an account lets nobody do alone, and the requests that wait for a second person.
 *
 * @module
 */
import { z } from 'zod'
import { byId, paging, read, write } from './operation.ts'
import { id, instant, money, page } from './views.ts'

export const approvalKind = z.enum(['spending', 'revocation', 'keyDownload', 'rules'])
export type ApprovalKind = z.infer<typeof approvalKind>

export const approvalState = z.enum(['waiting', 'approved', 'done', 'refused', 'withdrawn', 'expired', 'lapsed']).meta({
  description:
    '`approved`: who asked does it now, by the same request again; `done`: it was done; `lapsed`: what was asked could not be done as it was asked',
})
export type ApprovalState = z.infer<typeof approvalState>

/** All of them at once: what is set replaces what was. */
export const accountRules = z.strictObject({
  spendingLimits: z
    .array(money.extend({ amountMinor: z.int().min(0) }).strict())
    .min(1)
    .max(20)
    .nullable()
    .meta({
      description:
        'An order that costs more than the limit of its currency needs a second person, and so does any that costs something in a currency without a limit; null: none does',
    }),
  revocation: z.boolean().meta({ description: 'Revoking needs a second person' }),
  keyDownload: z.boolean().meta({ description: 'A download with the private key needs a second person' }),
  tokensMayDownloadKeys: z
    .boolean()
    .meta({ description: 'False: private keys are downloaded by users alone, not by API tokens' }),
})
export type AccountRules = z.infer<typeof accountRules>

const fact = z.union([z.string(), z.number(), z.boolean(), z.null()])

export const approvalView = z.object({
  id,
  kind: approvalKind,
  state: approvalState,
  operation: z.string().meta({ description: 'The operation that would have done it, such as `orders.pay`' }),
  certificateId: id.nullable(),
  subject: z.string().meta({ description: 'What it is about, for people: the certificate, or the product' }),
  facts: z
    .record(z.string(), fact)
    .meta({ description: 'What was asked, as it was then; it is done only while this still holds' }),
  why: z.string().nullable(),
  requestedBy: z.string(),
  requestedAt: instant,
  expiresAt: instant,
  isMine: z.boolean().meta({ description: 'Asked for by the caller, or by a token that they made' }),
  mayDecide: z.boolean().meta({ description: 'The caller may approve or refuse it' }),
  approvers: z.array(z.string()).meta({ description: 'The members who may decide; empty once it does not wait any more' }),
  decidedBy: z.string().nullable(),
  decidedAt: instant.nullable(),
  decisionReason: z.string().nullable(),
  endedAt: instant.nullable(),
  problem: z.object({ code: z.string(), detail: z.string() }).nullable().meta({ description: 'Why it could not be done' }),
})
export type ApprovalView = z.infer<typeof approvalView>

const TAG = 'Approvals'
const why = z.string().trim().min(1).max(500)

export const approvals = {
  list: read(
    '/approvals',
    TAG,
    'Requests that wait for a second person, and what became of earlier ones; newest first. Without `approvals:decide` or `audit:read` only your own',
    'certificates:read',
  )
    .input(
      z.strictObject({
        ...paging,
        show: z
          .enum(['open', 'all'])
          .default('all')
          .meta({ description: '`open`: those that wait, or that were approved and not used yet' }),
      }),
    )
    .output(page(approvalView)),
  get: read('/approvals/{id}', TAG, 'One request', 'certificates:read').input(byId).output(approvalView),
  approve: write(
    '/approvals/{id}/approve',
    TAG,
    'Approve what another member asked: it is done in the same moment, or, for a key download and a payment by a connection, may be done once by who asked. Needs the permission of the operation as well',
    'approvals:decide',
  )
    .input(byId)
    .output(approvalView),
  refuse: write('/approvals/{id}/refuse', TAG, 'Refuse what another member asked', 'approvals:decide')
    .input(z.strictObject({ id, reason: why }))
    .output(approvalView),
  explain: write('/approvals/{id}/why', TAG, 'Say why it is needed; for who asked', 'certificates:read')
    .input(z.strictObject({ id, why }))
    .output(approvalView),
  withdraw: write('/approvals/{id}/withdraw', TAG, 'Take it back; for who asked', 'certificates:read')
    .input(byId)
    .output(approvalView),
}

export const rules = {
  get: read('/account/rules', TAG, 'What needs a second person in the account', 'certificates:read').output(accountRules),
  set: write(
    '/account/rules',
    TAG,
    'Set what needs a second person. Tightening holds at once; loosening is itself approved by a second person',
    'rules:write',
  )
    .input(accountRules)
    .output(accountRules),
}
