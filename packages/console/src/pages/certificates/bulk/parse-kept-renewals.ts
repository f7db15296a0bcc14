/**
 * What the tab keeps of confirmed renewals is text that anything may have written: checked before it is gone on with.
 *
 * @module
 */
import { z } from 'zod'

const money = z.object({ amountMinor: z.int(), currency: z.string() })
const bilingual = z.object({ en: z.string(), zh: z.string() })
const outcome = z.object({
  result: z.enum(['done', 'failed']),
  problem: z.object({ code: z.string(), cause: bilingual, remedy: bilingual, detail: z.string() }).nullable(),
  facts: z.object({
    orderId: z.string().exactOptional(),
    newCertificateId: z.string().exactOptional(),
    paid: money.exactOptional(),
  }),
})
const item = z.object({
  id: z.string(),
  certificateId: z.string(),
  name: z.string(),
  orderId: z.string().nullable(),
  productId: z.string().nullable(),
  price: money,
  orderKey: z.string(),
  payKey: z.string(),
})
const leftOut = z.object({ certificateId: z.string(), name: z.string(), reason: z.string() })
const kept = z.object({
  accountId: z.string().nullable(),
  personId: z.string(),
  items: z.array(item),
  outcomes: z.record(z.string(), outcome),
  leftOut: z.array(leftOut),
})

/** Null: not what this console writes. */
export function parseKeptRenewals(text: string): z.infer<typeof kept> | null {
  try {
    const parsed = kept.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null // not JSON
  }
}
