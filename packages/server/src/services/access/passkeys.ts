/**
 * The passkeys of a user, as they see, name and remove them. They are made and checked in better-auth.
 *
 * @module
 */
import type { PasskeyView } from '@evercert/contract'
import type { Selectable } from 'kysely'
import type { PasskeyTable } from '../../db/access-tables.ts'
import { notFound, type Caller, type Services } from '../context.ts'
import { requireUser } from './sessions.ts'

/** What passkeys are bound to (WebAuthn Level 3 §5.1.3): the name, and where pages have to come from. */
export interface PasskeySite {
  readonly rpId: string
  readonly origin: string
}

/** Browsers make passkeys for names alone, and only over https or at this machine; null: not here. */
export function passkeySite(publicUrl: string | null): PasskeySite | null {
  if (publicUrl === null) return null
  const { hostname, origin, protocol } = new URL(publicUrl)
  const isAddress = hostname.startsWith('[') || /^[\d.]+$/.test(hostname)
  const isTrusted = protocol === 'https:' || hostname === 'localhost' || hostname.endsWith('.localhost')
  return isAddress || !isTrusted ? null : { rpId: hostname, origin }
}

const COLUMNS = ['id', 'name', 'device_type', 'created_at', 'last_used_at'] as const

/** Oldest first. @throws AppError `forbidden` */
export async function listPasskeys({ db }: Services, caller: Caller): Promise<PasskeyView[]> {
  const { userId } = requireUser(caller)
  const rows = await db.selectFrom('passkey').select(COLUMNS).where('user_id', '=', userId).orderBy('id').execute()
  return rows.map(toView)
}

/** @throws AppError `forbidden`, `notFound` (also for a passkey of somebody else) */
export async function renamePasskey({ db }: Services, caller: Caller, id: string, name: string): Promise<PasskeyView> {
  const { userId } = requireUser(caller)
  const row = await db
    .updateTable('passkey')
    .set({ name })
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .returning(COLUMNS)
    .executeTakeFirst()
  if (row === undefined) throw notFound('passkey', id)
  return toView(row)
}

/** @throws AppError `forbidden`, `notFound` (also for a passkey of somebody else) */
export async function removePasskey({ db }: Services, caller: Caller, id: string): Promise<{ id: string }> {
  const { userId } = requireUser(caller)
  const result = await db.deleteFrom('passkey').where('user_id', '=', userId).where('id', '=', id).executeTakeFirst()
  if (result.numDeletedRows !== 1n) throw notFound('passkey', id)
  return { id }
}

/** Whose passkey an authenticator names; null: nobody's. */
export async function findPasskeyOwner({ db }: Services, credentialId: string): Promise<string | null> {
  const row = await db
    .selectFrom('passkey')
    .innerJoin('user', 'user.id', 'passkey.user_id')
    .select('email')
    .where('credential_id', '=', credentialId)
    .executeTakeFirst()
  return row?.email ?? null
}

export async function notePasskeyUse({ db, now }: Services, credentialId: string): Promise<void> {
  await db
    .updateTable('passkey')
    .set({ last_used_at: new Date(now()) })
    .where('credential_id', '=', credentialId)
    .execute()
}

function toView(row: Pick<Selectable<PasskeyTable>, (typeof COLUMNS)[number]>): PasskeyView {
  return {
    id: row.id,
    name: row.name,
    isSynced: row.device_type === 'multiDevice',
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
  }
}
