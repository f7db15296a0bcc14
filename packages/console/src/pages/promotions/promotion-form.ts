/**
 * A promotion as the fields of its form, and back.
 *
 * @module
 */
import type { PromotionView } from '@evercert/contract'
import { parseAmount } from '../../components/amount.ts'
import { lastDayOf, startOfDay } from '../../components/days.ts'
import type { Off } from './example-prices.ts'

export interface PromotionValues {
  readonly title: { readonly zh: string; readonly en: string }
  readonly code?: string
  readonly off?: { readonly kind: Off['kind']; readonly percent?: number | null }
  readonly amount?: string
  readonly currency?: string
  readonly productIds?: readonly string[]
  readonly termYears?: readonly number[]
  /** Days in the zone of the browser, `YYYY-MM-DD`; the last one is part of it. Empty: at once, and without an end. */
  readonly firstDay?: string
  readonly endsAt?: string
  readonly maxUses?: number | null
}

export function startValues(promotion: PromotionView | null): object {
  if (promotion === null) return { off: { kind: 'percent' }, currency: 'CNY', productIds: [], termYears: [] }
  return { title: promotion.title, endsAt: lastDayOf(promotion.endsAt), maxUses: promotion.maxUses }
}

/** Null while it is not filled in. */
export function offOf({ off, amount = '', currency = '' }: Pick<PromotionValues, 'off' | 'amount' | 'currency'>): Off | null {
  if (off?.kind === 'amount') {
    const amountMinor = parseAmount(amount, currency)
    const isWhole = amountMinor !== null && amountMinor > 0 && /^[A-Z]{3}$/.test(currency)
    return isWhole ? { kind: 'amount', amount: { amountMinor, currency } } : null
  }
  const percent = off?.percent
  return typeof percent === 'number' && percent >= 1 && percent <= 100 ? { kind: 'percent', percent } : null
}

/** What was not filled in holds for all, or without a limit. */
export function creationOf(values: PromotionValues, off: Off) {
  const { title, code = '', productIds = [], termYears = [], firstDay, endsAt, maxUses = null } = values
  const startsAt = startOfDay(firstDay, 0)
  return {
    title,
    code: code === '' ? null : code,
    off,
    productIds: productIds.length === 0 ? null : [...productIds],
    termYears: termYears.length === 0 ? null : [...termYears],
    ...(startsAt !== null && { startsAt }),
    endsAt: startOfDay(endsAt, 1),
    maxUses,
  }
}

/** An end that nobody touched stays at its second: the form knows days alone. */
export function changeOf(promotion: PromotionView, { title, endsAt, maxUses = null }: PromotionValues) {
  const isSameDay = (endsAt ?? '') === lastDayOf(promotion.endsAt)
  return { id: promotion.id, title, maxUses, ...(!isSameDay && { endsAt: startOfDay(endsAt, 1) }) }
}
