/**
 * The report of an action on many, for a spreadsheet.
 *
 * @module
 */
import { amountText } from '../../../components/amount.ts'
import type { BulkItem, BulkOutcome } from './run-bulk.ts'

/** What the action was not done to, and why. */
export interface LeftOut {
  readonly certificateId: string
  readonly name: string
  readonly reason: string
}

export interface ReportRow {
  readonly item: BulkItem
  /** Null: not begun. */
  readonly outcome: BulkOutcome | null
  /** Why it failed, in words; empty when it did not. */
  readonly reason: string
}

const COLUMNS = ['certificateId', 'name', 'result', 'reason', 'code', 'detail', 'orderId', 'newCertificateId', 'paid', 'currency']
const BYTE_ORDER_MARK = '\uFEFF'
/** A spreadsheet runs what begins so; with an apostrophe in front it is a text. */
const FORMULA = /^[=+\-@\t\r\n]/

function toCell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** RFC 4180, with a byte order mark. What was left out comes first. */
export function reportCsv(rows: readonly ReportRow[], leftOut: readonly LeftOut[]): string {
  const lines = [
    COLUMNS,
    ...leftOut.map(({ certificateId, name, reason }) => [certificateId, name, 'leftOut', reason]),
    ...rows.map(({ item, outcome, reason }) => [
      item.certificateId,
      item.name,
      outcome?.result ?? 'notBegun',
      reason,
      outcome?.problem?.code ?? '',
      outcome?.problem?.detail ?? '',
      outcome?.facts.orderId ?? '',
      outcome?.facts.newCertificateId ?? '',
      ...paidCells(outcome),
    ]),
  ]
  const toLine = (cells: readonly string[]): string => COLUMNS.map((_, index) => toCell(cells[index] ?? '')).join(',')
  return BYTE_ORDER_MARK + lines.map((cells) => `${toLine(cells)}\r\n`).join('')
}

function paidCells(outcome: BulkOutcome | null): string[] {
  const paid = outcome?.facts.paid
  return paid === undefined ? [] : [amountText(paid.amountMinor, paid.currency), paid.currency]
}
