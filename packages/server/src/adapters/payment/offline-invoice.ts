/**
 * An invoice that is paid outside: by bank transfer, say. It carries a number and a due date; an operator records what came in.
 *
 * @module
 */
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { paymentAdapter, type PaymentHandle, type PaymentReport } from '../../ports/payment.ts'

const DAY_MS = 86_400_000

const invoiceConfig = z.object({
  prefix: z
    .string()
    .regex(/^[A-Z0-9-]{1,12}$/, 'must be 1 to 12 capitals, digits or dashes')
    .default('INV')
    .meta({ description: 'What invoice numbers begin with' }),
  dueDays: z.int().min(1).max(90).default(14).meta({ description: 'Days until it is due; the order waits as long' }),
  instructions: z.string().trim().min(1).max(2000).meta({ description: 'How to pay: bank, account number, payee' }),
})

export const offlineInvoice = paymentAdapter<z.infer<typeof invoiceConfig>>({
  kind: 'payment',
  id: 'offlineInvoice',
  title: 'Invoice, paid by bank transfer',
  apiDocs: '',
  config: invoiceConfig,
  lifeMs: ({ dueDays }) => dueDays * DAY_MS,
  recordedByOperator: true,
  acknowledgement: '',
  create: ({ prefix, instructions }) => ({
    start: ({ reference, expiresAt }) => {
      const number = `${prefix}-${reference.replace(/^[a-z]+_/, '').toUpperCase()}`
      const dueAt = new Date(expiresAt).toISOString()
      return Promise.resolve({ externalId: number, place: { kind: 'invoice', number, dueAt, instructions } })
    },
    read: (payment) => Promise.resolve(report(payment, 'pending')),
    end: (payment) => Promise.resolve(report(payment, 'cancelled')),
    readCallback: () =>
      Promise.reject(
        new AppError('callbackForged', 'Reading a callback: nobody reports about invoices: an operator records what came in.'),
      ),
  }),
})

function report({ reference, externalId }: PaymentHandle, state: 'pending' | 'cancelled'): PaymentReport {
  return { reference, externalId, state, receipt: null }
}
