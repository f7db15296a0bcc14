/**
 * The filtered list, or what is named of it, as a file, made page by page while it is sent: memory does not grow with it.
 *
 * @module
 */
import type { CertificateView, ExportFormat, ExportQuery } from '@evercert/contract'
import type { ListPosition } from '../db/certificate-list.ts'
import { toListFilter } from '../domain/certificate/list-filter.ts'
import { longestWindowMs } from '../domain/certificate/window.ts'
import { BYTE_ORDER_MARK, toCsvRow, type CsvCell } from '../domain/export/csv.ts'
import { DEFAULT_SORT, loadPage, toSort } from './certificate-list.ts'
import type { Caller, Services } from './context.ts'

/** Rows at once: some hundred kilobytes. */
const PAGE_ROWS = 500

const COLUMNS: readonly (readonly [name: string, cell: (view: CertificateView) => CsvCell])[] = [
  ['id', (view) => view.id],
  ['name', (view) => view.name],
  ['status', (view) => view.status],
  ['origin', (view) => view.origin],
  ['managed', (view) => view.managed],
  ['domains', (view) => view.domains.join(' ')],
  ['tags', (view) => view.tags.join(' ')],
  ['brand', (view) => view.knownSpecification?.brand ?? null],
  ['certificateType', (view) => view.knownSpecification?.certificateType ?? null],
  ['domainType', (view) => view.knownSpecification?.domainType ?? null],
  ['grade', (view) => view.knownSpecification?.grade ?? null],
  ['issuer', (view) => view.issuer],
  ['serial', (view) => view.serial],
  ['sha256', (view) => view.sha256],
  ['notBefore', (view) => view.notBefore],
  ['notAfter', (view) => view.notAfter],
  ['daysLeft', (view) => view.daysLeft],
  ['entitledUntil', (view) => view.entitlement?.entitledUntil ?? null],
  ['renewsCertificateId', (view) => view.renewsCertificateId],
  ['renewedByCertificateId', (view) => view.renewedByCertificateId],
  ['orderId', (view) => view.orderId],
  ['servedAt', (view) => view.servedAt],
  ['createdAt', (view) => view.createdAt],
]

export interface ExportFile {
  readonly headers: Record<string, string>
  readonly body: ReadableStream<Uint8Array>
}

const TYPES = { csv: 'text/csv; charset=utf-8', json: 'application/x-ndjson; charset=utf-8' } as const

/**
 * The body asks for the next page when the last one was taken.
 *
 * @param pageRows read at once
 * @throws AppError `invalid`, before anything is sent
 */
export function exportCertificates(
  services: Services,
  caller: Caller,
  { format, ...query }: ExportQuery & { readonly format: ExportFormat },
  pageRows = PAGE_ROWS,
): ExportFile {
  const request = {
    accountId: caller.accountId,
    now: services.now(), // one moment for all pages: a status that changes meanwhile neither leaves a row out nor lets one in
    limit: pageRows,
    filter: { ...toListFilter(query), narrowedTo: caller.tags ?? null },
    sort: toSort(query.sort ?? DEFAULT_SORT),
    longestWindowMs: longestWindowMs(services.policy),
  }
  const encoder = new TextEncoder()
  const header = format === 'csv' ? BYTE_ORDER_MARK + toCsvRow(COLUMNS.map(([name]) => name)) : ''
  let after: ListPosition | null = null
  let isFirst = true
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { views, last } = await loadPage(services, { ...request, after })
        const text = (isFirst ? header : '') + views.map((view) => toLine(format, view)).join('')
        isFirst = false
        after = last
        if (text !== '') controller.enqueue(encoder.encode(text))
        if (last === null) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  const name = `certificates-${new Date(request.now).toISOString().slice(0, 10)}.${format === 'csv' ? 'csv' : 'ndjson'}`
  return { headers: { 'content-type': TYPES[format], 'content-disposition': `attachment; filename="${name}"` }, body }
}

function toLine(format: ExportFormat, view: CertificateView): string {
  return format === 'csv' ? toCsvRow(COLUMNS.map(([, cell]) => cell(view))) : `${JSON.stringify(view)}\n`
}
