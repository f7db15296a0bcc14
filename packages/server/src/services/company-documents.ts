/**
 * Business licences and bank permits: images, checked by content and stored encrypted. One that an application was sent with stays as
 * long as the application does, whatever becomes of the company's record.
 *
 * @module
 */
import { Readable } from 'node:stream'
import { createInflate } from 'node:zlib'
import { sql, type SqlBool } from 'kysely'
import type { DocumentContent, DocumentKind, DocumentView } from '@evercert/contract'
import type { Db } from '../db/connect.ts'
import type { Trx } from '../db/transition.ts'
import { readDocumentImage } from '../domain/applicant/document-image.ts'
import type { DocumentImage } from '../domain/applicant/image.ts'
import { pngContent } from '../domain/applicant/png.ts'
import { AppError } from '../domain/errors.ts'
import { newId, notFound, type Caller, type Services } from './context.ts'

const COLUMNS = ['id', 'kind', 'content_type', 'bytes', 'width', 'height'] as const

interface Row {
  readonly kind: DocumentKind
  readonly content_type: 'image/png' | 'image/jpeg'
  readonly bytes: number
  readonly width: number
  readonly height: number
}

function toFacts({ kind, content_type: contentType, bytes, width, height }: Row) {
  return { kind, contentType, bytes, width, height }
}

export async function listDocuments(db: Db, accountId: string, companyId: string): Promise<DocumentView[]> {
  const rows = await db
    .selectFrom('company_document')
    .select(COLUMNS)
    .where('account_id', '=', accountId)
    .where('company_id', '=', companyId)
    .orderBy('kind')
    .execute()
  return rows.map((row) => ({ id: row.id, ...toFacts(row) }))
}

export interface NewDocument {
  readonly companyId: string
  readonly kind: DocumentKind
  readonly contentBase64: string
}

/** In place of the last of its kind. @throws AppError `badImage`, `tooLarge`, `notFound` (company) */
export async function putDocument(services: Services, caller: Caller, document: NewDocument): Promise<void> {
  const { companyId, kind } = document
  await requireCompany(services.db, caller, companyId)
  const bytes = Buffer.from(document.contentBase64, 'base64')
  const image = readDocumentImage(bytes)
  if (image.type === 'image/png') await unpackOnce(bytes, image)
  const now = services.now()
  await services.db.transaction().execute(async (trx) => {
    // Two that store at once wait for each other here.
    await sql`select id from company where id = ${companyId} and account_id = ${caller.accountId} for update`.execute(trx)
    await detachDocuments(trx, caller.accountId, { companyId, kind })
    const plaintext = bytes.toString('base64')
    const secretId = await services.vault.seal(trx, { purpose: 'document', accountId: caller.accountId, plaintext, now })
    await trx
      .insertInto('company_document')
      .values({
        id: newId(services, 'doc'),
        account_id: caller.accountId,
        company_id: companyId,
        kind,
        content_type: image.type,
        bytes: bytes.length,
        width: image.width,
        height: image.height,
        secret_id: secretId,
        created_at: new Date(now),
      })
      .execute()
  })
}

/** What a viewer would unpack, unpacked once and thrown away, never more than the image says: neither damaged nor a bomb. */
async function unpackOnce(bytes: Uint8Array, image: DocumentImage): Promise<void> {
  const { compressed, unpackedBytes } = pngContent(bytes, image)
  let unpacked = 0
  try {
    for await (const part of Readable.from([compressed]).pipe(createInflate())) {
      unpacked += (part as Buffer).length
      if (unpacked > unpackedBytes) break
    }
  } catch (cause) {
    throw new AppError('badImage', 'Reading the document: its pixels cannot be unpacked: save it again.', { cause })
  }
  if (unpacked !== unpackedBytes)
    throw new AppError('badImage', 'Reading the document: it has not the pixels that it says: save it again.')
}

/** @throws AppError `notFound` (company or document) */
export async function loadDocument(
  services: Services,
  caller: Caller,
  companyId: string,
  kind: DocumentKind,
): Promise<DocumentContent> {
  await requireCompany(services.db, caller, companyId)
  const row = await services.db
    .selectFrom('company_document')
    .select([...COLUMNS, 'secret_id'])
    .where('account_id', '=', caller.accountId)
    .where('company_id', '=', companyId)
    .where('kind', '=', kind)
    .executeTakeFirst()
  if (row === undefined) throw notFound('document', `${kind} of ${companyId}`)
  return { ...toFacts(row), contentBase64: await services.vault.open(services.db, row.secret_id, 'document') }
}

/** A document that an application was sent with, by its own id. @throws AppError `notFound` */
export async function openSentDocument(services: Services, accountId: string, id: string): Promise<DocumentContent> {
  const row = await services.db
    .selectFrom('company_document')
    .select([...COLUMNS, 'secret_id'])
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) throw notFound('document', id)
  return { ...toFacts(row), contentBase64: await services.vault.open(services.db, row.secret_id, 'document') }
}

/** @throws AppError `notFound` (company or document) */
export async function removeDocument(services: Services, caller: Caller, companyId: string, kind: DocumentKind): Promise<void> {
  await requireCompany(services.db, caller, companyId)
  const removed = await services.db.transaction().execute((trx) => detachDocuments(trx, caller.accountId, { companyId, kind }))
  if (removed === 0) throw notFound('document', `${kind} of ${companyId}`)
}

/** Takes documents from a company; those that no application was sent with are deleted with their secret. @returns how many */
export async function detachDocuments(
  trx: Trx,
  accountId: string,
  which: { readonly companyId: string; readonly kind: DocumentKind | null },
): Promise<number> {
  let query = trx
    .selectFrom('company_document')
    .select(['id', 'secret_id'])
    .where('account_id', '=', accountId)
    .where('company_id', '=', which.companyId)
    .orderBy('id')
    .forUpdate() // waits for whoever submits with one of them, so that the look below sees that application
  if (which.kind !== null) query = query.where('kind', '=', which.kind)
  const detached = await query.execute()
  for (const { id, secret_id: secretId } of detached) {
    await trx
      .updateTable('company_document')
      .set({ company_id: null })
      .where('id', '=', id)
      .where('account_id', '=', accountId)
      .execute()
    const result = await trx
      .deleteFrom('company_document')
      .where('id', '=', id)
      .where('account_id', '=', accountId)
      .where(
        sql<SqlBool>`not exists (select from application where application.account_id = ${accountId}
          and (application.applicant -> 'documents' ->> 'businessLicence' = ${id}
            or application.applicant -> 'documents' ->> 'bankPermit' = ${id}))`,
      )
      .executeTakeFirst()
    if (result.numDeletedRows === 1n) await trx.deleteFrom('secret').where('id', '=', secretId).execute()
  }
  return detached.length
}

async function requireCompany(db: Db, { accountId }: Caller, id: string): Promise<void> {
  const row = await db
    .selectFrom('company')
    .select('id')
    .where('account_id', '=', accountId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (row === undefined) throw notFound('company', id)
}
