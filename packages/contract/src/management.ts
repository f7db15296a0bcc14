/**
 * Managed certificates (托管): they renew and reissue by themselves.
 *
 * @module
 */
import { z } from 'zod'
import { byId, write } from './operation.ts'
import { certificateDetail, id, money } from './views.ts'

export const management = {
  start: write(
    '/certificates/{id}/manage',
    'Certificates',
    'Let it renew by itself, within a limit for each renewal; it may spend from the balance',
    'orders:write',
  )
    .input(
      z.strictObject({
        id,
        spendingLimit: money
          .extend({ amountMinor: z.int().min(0) })
          .meta({ description: 'The most that one renewal may cost; 0: free ones only' }),
      }),
    )
    .output(certificateDetail),
  stop: write('/certificates/{id}/unmanage', 'Certificates', 'Renew it by hand from now on', 'orders:write')
    .input(byId)
    .output(certificateDetail),
}
