/**
 * Receipts as the API shows them.
 *
 * @module
 */
import { receiptClaims, type ReceiptView } from '@evercert/contract'
import { loadCertificate } from '../certificates.ts'
import { notFound, type Caller, type Services } from '../context.ts'
import { seenBy } from '../access/narrowing.ts'
import { writeReceiptPdf } from './pdf.ts'

interface Row {
  readonly id: string
  readonly certificate_id: string
  readonly key_id: string
  readonly jws: string
  readonly proved_at: Date
}

interface ReceiptPage {
  readonly items: ReceiptView[]
  readonly nextCursor: string | null
}

const COLUMNS = ['id', 'certificate_id', 'key_id', 'jws', 'proved_at'] as const

/** Newest first. @throws AppError `notFound` */
export async function listReceipts(
  services: Services,
  caller: Caller,
  { id, cursor, limit }: { readonly id: string; readonly cursor?: string | undefined; readonly limit: number },
): Promise<ReceiptPage> {
  await loadCertificate(services, caller, id)
  const rows = await newest(services, caller, { cursor, limit }).where('certificate_id', '=', id).execute()
  return toPage(rows, limit)
}

interface Place {
  readonly cursor?: string | undefined
  readonly limit: number
}

/** Of every certificate of the account, newest first. */
export async function listAllReceipts(services: Services, caller: Caller, place: Place): Promise<ReceiptPage> {
  return toPage(await newest(services, caller, place).execute(), place.limit)
}

/** And one more, which tells that there are more. */
function newest({ db }: Services, caller: Caller, { cursor, limit }: Place) {
  return db
    .selectFrom('receipt')
    .select(COLUMNS)
    .where('account_id', '=', caller.accountId)
    .where(seenBy(caller, 'certificate_id'))
    .$if(cursor !== undefined, (query) => query.where('id', '<', cursor ?? ''))
    .orderBy('id', 'desc')
    .limit(limit + 1)
}

function toPage(rows: readonly Row[], limit: number): ReceiptPage {
  const shown = rows.slice(0, limit)
  return { items: shown.map(toView), nextCursor: rows.length > limit ? (shown.at(-1)?.id ?? null) : null }
}

/** @throws AppError `notFound` */
export async function loadReceipt(services: Services, caller: Caller, id: string): Promise<ReceiptView> {
  const row = await services.db
    .selectFrom('receipt')
    .select(COLUMNS)
    .where('account_id', '=', caller.accountId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) throw notFound('receipt', id)
  return toView(row)
}

/** @throws AppError `notFound` */
export async function receiptPdf(services: Services, caller: Caller, id: string): Promise<File> {
  const receipt = await loadReceipt(services, caller, id)
  return new File([new Uint8Array(writeReceiptPdf(receipt))], `${id}.pdf`, { type: 'application/pdf' })
}

/** What is shown is what was signed. */
function toView({ id, certificate_id: certificateId, key_id: keyId, jws, proved_at: provedAt }: Row): ReceiptView {
  const payload = Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString('utf8')
  const claims = receiptClaims.parse(JSON.parse(payload))
  return { id, certificateId, keyId, jws, provedAt: provedAt.toISOString(), claims }
}
