/**
 * Companies: reusable records with their documents. Lists are masked; applications keep a copy.
 *
 * @module
 */
import type { Company, CompanyListItem, CompanyView } from '@evercert/contract'
import { sql } from 'kysely'
import type { Db } from '../db/connect.ts'
import { maskPhone, maskRegistrationNumber } from '../domain/applicant/masking.ts'
import { detachDocuments, listDocuments } from './company-documents.ts'
import { newId, notFound, type Caller, type Services } from './context.ts'

const COLUMNS = ['id', 'details', 'created_at', 'updated_at'] as const

export async function listCompanies({ db }: Services, { accountId }: Caller): Promise<CompanyListItem[]> {
  const rows = await db.selectFrom('company').select(COLUMNS).where('account_id', '=', accountId).orderBy('id').execute()
  const documents = await db
    .selectFrom('company_document')
    .select(['company_id', 'kind'])
    .where('account_id', '=', accountId)
    .where('company_id', 'is not', null)
    .orderBy('kind')
    .execute()
  return rows.map(({ id, details: { name, type, phone, registrationNumber } }) => ({
    id,
    name,
    type,
    phone: maskPhone(phone),
    registrationNumber: maskRegistrationNumber(registrationNumber),
    documents: documents.filter((document) => document.company_id === id).map(({ kind }) => kind),
  }))
}

/** @throws AppError `notFound` */
export async function loadCompany({ db }: Services, { accountId }: Caller, id: string): Promise<CompanyView> {
  const row = await findCompanyRow(db, accountId, id)
  if (row === null) throw notFound('company', id)
  return {
    id,
    ...row.details,
    documents: await listDocuments(db, accountId, id),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

/** Null when the account has no such company. */
export async function findCompany(db: Db, accountId: string, id: string): Promise<Company | null> {
  return (await findCompanyRow(db, accountId, id))?.details ?? null
}

/** The one of this full legal name; null when none has it, or several. */
export async function findCompanyNamed(db: Db, accountId: string, name: string): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`select id from company
    where account_id = ${accountId} and lower(details ->> 'name') = lower(${name}) limit 2`.execute(db)
  return rows.length === 1 ? (rows[0]?.id ?? null) : null
}

async function findCompanyRow(db: Db, accountId: string, id: string) {
  const query = db.selectFrom('company').select(COLUMNS).where('account_id', '=', accountId).where('id', '=', id)
  return (await query.executeTakeFirst()) ?? null
}

export async function createCompany(services: Services, caller: Caller, company: Company): Promise<CompanyView> {
  const id = newId(services, 'cpy')
  const at = new Date(services.now())
  await services.db
    .insertInto('company')
    .values({ id, account_id: caller.accountId, details: JSON.stringify(company), created_at: at, updated_at: at })
    .execute()
  return loadCompany(services, caller, id)
}

/** @throws AppError `notFound` */
export async function updateCompany(services: Services, caller: Caller, id: string, company: Company): Promise<CompanyView> {
  const result = await services.db
    .updateTable('company')
    .set({ details: JSON.stringify(company), updated_at: new Date(services.now()) })
    .where('account_id', '=', caller.accountId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (result.numUpdatedRows !== 1n) throw notFound('company', id)
  return loadCompany(services, caller, id)
}

/** Its documents go with it, but for those that an application was sent with. @throws AppError `notFound` */
export async function removeCompany(services: Services, caller: Caller, id: string): Promise<{ id: string }> {
  const { accountId } = caller
  await services.db.transaction().execute(async (trx) => {
    await detachDocuments(trx, accountId, { companyId: id, kind: null })
    const result = await trx.deleteFrom('company').where('account_id', '=', accountId).where('id', '=', id).executeTakeFirst()
    if (result.numDeletedRows !== 1n) throw notFound('company', id)
  })
  return { id }
}
