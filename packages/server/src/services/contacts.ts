/**
 * Contacts: reusable records. Lists are masked; applications keep a copy, so that changes change nothing that was sent.
 *
 * @module
 */
import type { Contact, ContactListItem, ContactView } from '@evercert/contract'
import type { Db } from '../db/connect.ts'
import { maskEmail, maskPhone } from '../domain/applicant/masking.ts'
import { newId, notFound, type Caller, type Services } from './context.ts'

const COLUMNS = ['id', 'name', 'email', 'phone', 'created_at', 'updated_at'] as const

export async function listContacts({ db }: Services, { accountId }: Caller): Promise<ContactListItem[]> {
  const rows = await db.selectFrom('contact').select(COLUMNS).where('account_id', '=', accountId).orderBy('id').execute()
  return rows.map(({ id, name, email, phone }) => ({ id, name, email: maskEmail(email), phone: maskPhone(phone) }))
}

/** @throws AppError `notFound` */
export async function loadContact({ db }: Services, { accountId }: Caller, id: string): Promise<ContactView> {
  const row = await findContactRow(db, accountId, id)
  if (row === null) throw notFound('contact', id)
  const { name, email, phone } = row
  return { id, name, email, phone, createdAt: row.created_at.toISOString(), updatedAt: row.updated_at.toISOString() }
}

/** Null when the account has no such contact. */
export async function findContact(db: Db, accountId: string, id: string): Promise<Contact | null> {
  const row = await findContactRow(db, accountId, id)
  return row === null ? null : { name: row.name, email: row.email, phone: row.phone }
}

async function findContactRow(db: Db, accountId: string, id: string) {
  const query = db.selectFrom('contact').select(COLUMNS).where('account_id', '=', accountId).where('id', '=', id)
  return (await query.executeTakeFirst()) ?? null
}

export async function createContact(services: Services, caller: Caller, contact: Contact): Promise<ContactView> {
  const id = newId(services, 'ctc')
  const at = new Date(services.now())
  await services.db
    .insertInto('contact')
    .values({ id, account_id: caller.accountId, ...contact, created_at: at, updated_at: at })
    .execute()
  return loadContact(services, caller, id)
}

/** @throws AppError `notFound` */
export async function updateContact(services: Services, caller: Caller, id: string, contact: Contact): Promise<ContactView> {
  const result = await services.db
    .updateTable('contact')
    .set({ ...contact, updated_at: new Date(services.now()) })
    .where('account_id', '=', caller.accountId)
    .where('id', '=', id)
    .executeTakeFirst()
  if (result.numUpdatedRows !== 1n) throw notFound('contact', id)
  return loadContact(services, caller, id)
}

/** @throws AppError `notFound` */
export async function removeContact({ db }: Services, { accountId }: Caller, id: string): Promise<{ id: string }> {
  const result = await db.deleteFrom('contact').where('account_id', '=', accountId).where('id', '=', id).executeTakeFirst()
  if (result.numDeletedRows !== 1n) throw notFound('contact', id)
  return { id }
}
