/**
 * What is told while the endpoints of a certificate are probed on demand.
 *
 * @module
 */
import { z } from 'zod'
import { bilingual, id, verdict } from './views.ts'

const place = { endpointId: id, host: z.string(), port: z.int() }

/** `address`: what one address serves, as soon as it is known; whether it was revoked is known at the end. `ended`: all of it is recorded. */
export const probeEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('begun'), endpoints: z.int() }),
  z.object({ kind: z.literal('address'), ...place, address: z.string(), verdict, cause: bilingual, remedy: bilingual }),
  z.object({ kind: z.literal('ended') }),
])
export type ProbeEvent = z.infer<typeof probeEvent>
