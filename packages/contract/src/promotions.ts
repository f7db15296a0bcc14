/**
 * Promotions: what takes something off a price, for whom, how long and how often.
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { byId, read, write } from './operation.ts'
import { bilingual, id, instant, money, page } from './views.ts'

const off = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('percent'), percent: z.int().min(1).max(100) }),
  z.object({
    kind: z.literal('amount'),
    amount: money.extend({ amountMinor: z.int().min(1) }).meta({ description: 'For orders in this currency alone' }),
  }),
])

const text = line(64)
const title = z.strictObject({ en: text, zh: text })
const maxUses = z.int().min(1).max(2_000_000_000)

export const promotionView = z.object({
  id,
  title: bilingual,
  code: z.string().nullable().meta({ description: 'What a buyer has to enter; null: it applies by itself' }),
  off,
  productIds: z.array(id).nullable().meta({ description: 'null: all products' }),
  termYears: z.array(z.int()).nullable().meta({ description: 'null: all terms' }),
  startsAt: instant,
  endsAt: instant.nullable().meta({ description: 'The first instant at which it no longer applies' }),
  maxUses: z.int().nullable(),
  uses: z.int().meta({ description: 'Orders that are placed or were paid' }),
  state: z.enum(['upcoming', 'running', 'usedUp', 'over', 'withdrawn']),
})
export type PromotionView = z.infer<typeof promotionView>

export const promotions = {
  list: read('/promotions', 'Promotions', 'List promotions, newest first (operator)', 'installation:operate').output(
    page(promotionView),
  ),
  create: write('/promotions', 'Promotions', 'Take something off prices (operator)', 'installation:operate', { created: true })
    .input(
      z.strictObject({
        title,
        code: z
          .string()
          .trim()
          .toUpperCase()
          .regex(/^[A-Z0-9][A-Z0-9-]{3,31}$/)
          .nullable()
          .default(null),
        off,
        productIds: z.array(id).min(1).max(200).nullable().default(null),
        termYears: z.array(z.int().min(1).max(3)).min(1).max(3).nullable().default(null),
        startsAt: instant.optional().meta({ description: 'Default: now' }),
        endsAt: instant.nullable().default(null),
        maxUses: maxUses.nullable().default(null),
      }),
    )
    .output(promotionView),
  update: write(
    '/promotions/{id}',
    'Promotions',
    'Change title, end or number of uses; orders that are placed keep what was taken off (operator)',
    'installation:operate',
  )
    .input(
      z.strictObject({
        id,
        title: title.optional(),
        endsAt: instant.nullable().optional(),
        maxUses: maxUses.nullable().optional(),
      }),
    )
    .output(promotionView),
  withdraw: write(
    '/promotions/{id}/withdraw',
    'Promotions',
    'End a promotion for good; its code can be used for another one (operator)',
    'installation:operate',
  )
    .input(byId)
    .output(promotionView),
}
