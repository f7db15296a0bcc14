/**
 * How certificates end before their time: cancelled, refunded, revoked, deleted. They belong to the group `certificates`.
 *
 * @module
 */
import { z } from 'zod'
import { byId, read, remove, write } from './operation.ts'
import { orderView } from './order-views.ts'
import { certificateStatus, id, instant, money } from './views.ts'

/** RFC 5280 §5.3.1, those that a subscriber gives. */
export const revocationReason = z.enum([
  'unspecified',
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
])
export type RevocationReasonView = z.infer<typeof revocationReason>

/** What cancelling or refunding did. */
export const endingView = z.object({
  certificateId: id,
  status: certificateStatus,
  order: orderView,
  refund: money.nullable().meta({ description: 'What went back to the balance; null when nothing did' }),
  oldCertificateId: id.nullable().meta({ description: 'The certificate that is free to be renewed again' }),
  oldActsAt: instant.nullable().meta({
    description: 'It is managed again and renews by itself from here on; null: it does nothing by itself',
  }),
})
export type EndingView = z.infer<typeof endingView>

export const revocationView = z.object({
  id,
  certificateId: id,
  state: z.enum(['awaitingConfirmation', 'confirmed', 'revoked', 'declined', 'refused']),
  reason: revocationReason,
  requestedAt: instant,
  requestedBy: z.string(),
  confirmedAt: instant.nullable(),
  confirmedBy: z.string().nullable(),
  problem: z.string().nullable().meta({ description: 'Why the CA has not revoked it yet, or refused' }),
  retryAt: instant.nullable(),
  endedAt: instant.nullable(),
})
export type RevocationView = z.infer<typeof revocationView>

export const endings = {
  cancel: write(
    '/certificates/{id}/cancel',
    'Certificates',
    'Cancel before issuance; within 7 days of payment the money goes back to the balance',
    'orders:write',
    { idempotent: true },
  )
    .input(
      z.strictObject({
        id,
        withoutRefund: z
          .boolean()
          .default(false)
          .meta({ description: 'Cancel also when the 7 days are over and the money does not come back' }),
      }),
    )
    .output(endingView),
  refund: write(
    '/certificates/{id}/refund',
    'Certificates',
    'Give the money back: unissued within 7 days, or revoked within them',
    'orders:write',
    { idempotent: true },
  )
    .input(byId)
    .output(endingView),
  revoke: write(
    '/certificates/{id}/revoke',
    'Certificates',
    'Have the CA revoke it; OV and EV await confirmation',
    'certificates:write',
  )
    .input(z.strictObject({ id, reason: revocationReason.default('unspecified') }))
    .output(revocationView),
  revocation: read('/certificates/{id}/revocation', 'Certificates', 'Its latest revocation', 'certificates:read')
    .input(byId)
    .output(revocationView),
  confirmRevocation: write(
    '/certificates/{id}/revocation/confirm',
    'Certificates',
    'Confirm a revocation for the contact: the CA is asked',
    'certificates:write',
  )
    .input(byId)
    .output(revocationView),
  declineRevocation: write(
    '/certificates/{id}/revocation/decline',
    'Certificates',
    'Decline a revocation for the contact: the certificate stays valid',
    'certificates:write',
  )
    .input(byId)
    .output(revocationView),
  remove: remove(
    '/certificates/{id}',
    'Certificates',
    'Delete an expired, revoked or uploaded certificate that is not in use, and cancel a refused one (with `orders:write`); its stored keys are destroyed',
    'certificates:write',
  )
    .input(
      z.strictObject({
        id,
        withoutRefund: z.boolean().default(false).meta({
          description:
            'Delete a refused one also when the 7 days are over and the money does not come back, and a revoked one whose money could still be given back (with `orders:write`)',
        }),
      }),
    )
    .output(
      z.object({
        id,
        ending: endingView.nullable().meta({ description: 'Of a refused one: what cancelling it did; null for others' }),
      }),
    ),
}
