/**
 * `evercert promotions`: what takes something off prices; for operators.
 *
 * @module
 */
import type { PromotionView } from '@evercert/contract'
import { wrongUsage } from '../failure.ts'
import { formatInstant, formatMoney } from '../format.ts'
import { formatTable } from '../output.ts'
import { parseMoney } from '../parse-money.ts'
import { listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'
import { wordFor } from '../words.ts'

export const listPromotionsCommand = listCommand({
  load: (client) => client.promotions.list(),
  none: ['No promotion.', '没有优惠活动。'],
  format: formatPromotions,
})

export interface AddPromotionOptions {
  readonly title: string
  readonly titleZh?: string
  readonly percent?: string
  readonly amount?: string
  readonly code?: string
  readonly products?: string
  readonly terms?: string
  readonly from?: string
  readonly until?: string
  readonly uses?: string
}

export async function addPromotionCommand(session: Session, options: AddPromotionOptions): Promise<number> {
  const { title, titleZh = title, code, products, terms, from, until, uses } = options
  const promotion = await (
    await session.client()
  ).promotions.create({
    title: { en: title, zh: titleZh },
    off: toReduction(options),
    code: code ?? null,
    productIds: products === undefined ? null : toList(products),
    termYears: terms === undefined ? null : toList(terms).map((term) => toWhole('--terms', term)),
    ...(from !== undefined && { startsAt: toInstant('--from', from) }),
    endsAt: until === undefined ? null : toInstant('--until', until),
    maxUses: uses === undefined ? null : toWhole('--uses', uses),
  })
  return show(session, promotion)
}

export interface ChangePromotionOptions {
  readonly until?: string
  readonly uses?: string
}

/** `none` takes an end or a limit away. */
export async function changePromotionCommand(session: Session, id: string, options: ChangePromotionOptions): Promise<number> {
  const { until, uses } = options
  const promotion = await (
    await session.client()
  ).promotions.update({
    id,
    ...(until !== undefined && { endsAt: until === 'none' ? null : toInstant('--until', until) }),
    ...(uses !== undefined && { maxUses: uses === 'none' ? null : toWhole('--uses', uses) }),
  })
  return show(session, promotion)
}

export async function withdrawPromotionCommand(session: Session, id: string): Promise<number> {
  return show(session, await (await session.client()).promotions.withdraw({ id }))
}

function show(session: Session, promotion: PromotionView): number {
  session.document(promotion)
  session.print(...formatPromotions(session, [promotion]))
  return 0
}

/** @throws CliFailure `invalid` unless exactly one of them is given */
function toReduction({ percent, amount }: AddPromotionOptions): PromotionView['off'] {
  if (percent !== undefined && amount === undefined) return { kind: 'percent', percent: toWhole('--percent', percent) }
  if (amount !== undefined && percent === undefined)
    return {
      kind: 'amount',
      amount: parseMoney(amount, { en: 'give one such as --amount "20 CNY"', zh: '请填写如 --amount "20 CNY"' }),
    }
  throw wrongUsage('invalid', {
    en: 'Reading the promotion: give --percent or --amount, and not both.',
    zh: '读取优惠：请使用 --percent 或 --amount，二者择一。',
  })
}

function toList(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

function toWhole(option: string, text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text)
  throw wrongUsage('invalid', {
    en: `Reading ${option}: "${text}" is not a whole number.`,
    zh: `读取 ${option}：“${text}” 不是整数。`,
  })
}

function toInstant(option: string, text: string): string {
  const at = Date.parse(text)
  if (!Number.isNaN(at)) return new Date(at).toISOString()
  throw wrongUsage('invalid', {
    en: `Reading ${option}: "${text}" is no day or instant: give one such as 2026-11-11 or 2026-11-11T00:00+08:00.`,
    zh: `读取 ${option}：“${text}” 不是日期或时间，请填写如 2026-11-11 或 2026-11-11T00:00+08:00。`,
  })
}

function formatPromotions({ say, paint, columns, language }: Session, promotions: readonly PromotionView[]): string[] {
  const header = [
    say('TITLE', '名称'),
    say('OFF', '优惠'),
    say('CODE', '优惠码'),
    say('STATE', '状态'),
    say('USES', '使用次数'),
    say('UNTIL', '截止'),
    say('ID', '编号'),
  ]
  const rows = promotions.map((promotion) => [
    { text: say(promotion.title.en, promotion.title.zh) },
    { text: promotion.off.kind === 'percent' ? `${promotion.off.percent} %` : formatMoney(promotion.off.amount) },
    { text: promotion.code ?? '–' },
    {
      text: wordFor('promotion', promotion.state, language),
      colour: promotion.state === 'running' ? ('green' as const) : undefined,
    },
    { text: promotion.maxUses === null ? String(promotion.uses) : `${promotion.uses} / ${promotion.maxUses}` },
    { text: formatInstant(promotion.endsAt) },
    { text: promotion.id, colour: 'dim' as const },
  ])
  return formatTable(header, rows, { paint, columns, shrink: 0 })
}
