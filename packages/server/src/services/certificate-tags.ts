/**
 * Names and tags of certificates.
 *
 * @module
 */
import { sql } from 'kysely'
import type { CertificateDetail } from '@evercert/contract'
import { recordHistory, type Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { findByName } from './certificate-rows.ts'
import { loadCertificateDetail } from './certificates.ts'
import { notFound, type Caller, type Services } from './context.ts'

const MAX_TAGS = 50

export interface TagChange {
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

/** @throws AppError `notFound`, `invalid` when it would have more than 50 tags */
export async function tagCertificate(
  services: Services,
  caller: Caller,
  id: string,
  change: TagChange,
): Promise<CertificateDetail> {
  await tagCertificates(services, caller, [id], change)
  return loadCertificateDetail(services, caller, id)
}

/** All or none. A tag that is added and removed is removed. @returns how many have other tags now. @throws AppError `notFound`, `invalid` */
export async function tagCertificates(
  services: Services,
  caller: Caller,
  ids: readonly string[],
  change: TagChange,
): Promise<{ changed: number }> {
  const remove = new Set(change.remove)
  const add = [...new Set(change.add)].filter((tag) => !remove.has(tag))
  let changed = 0
  await services.db.transaction().execute(async (trx) => {
    for (const id of [...new Set(ids)].toSorted()) {
      const facts = { services, trx, caller, id }
      await lockRow(facts)
      if (await changeTags(facts, { add, remove: [...remove] })) changed += 1
    }
  })
  return { changed }
}

interface Work {
  readonly services: Services
  readonly trx: Trx
  readonly caller: Caller
  readonly id: string
}

async function lockRow({ trx, caller, id }: Work): Promise<string> {
  const { rows } = await sql<{ name: string }>`select name from certificate
    where id = ${id} and account_id = ${caller.accountId} for no key update`.execute(trx)
  if (rows[0] === undefined) throw notFound('certificate', id)
  return rows[0].name
}

async function changeTags({ services, trx, caller, id }: Work, { add, remove }: TagChange): Promise<boolean> {
  const now = services.now()
  const { accountId, actor } = caller
  const removed = await sql<{ tag: string }>`delete from certificate_tag
    where account_id = ${accountId} and certificate_id = ${id} and tag = any(${[...remove]}::text[]) returning tag`.execute(trx)
  const added = await sql<{ tag: string }>`insert into certificate_tag (account_id, certificate_id, tag, created_at)
    select ${accountId}, ${id}, tag, ${new Date(now)} from unnest(${[...add]}::text[]) tag
    on conflict do nothing returning tag`.execute(trx)
  if (removed.rows.length === 0 && added.rows.length === 0) return false
  const { count } = await trx
    .selectFrom('certificate_tag')
    .select((builder) => builder.fn.countAll<number>().as('count'))
    .where('account_id', '=', accountId)
    .where('certificate_id', '=', id)
    .executeTakeFirstOrThrow()
  if (Number(count) > MAX_TAGS) {
    throw new AppError('invalid', `Tagging ${id}: it would have ${count} tags: remove some, ${MAX_TAGS} is the most.`)
  }
  const detail = [...added.rows.map(({ tag }) => `+${tag}`), ...removed.rows.map(({ tag }) => `-${tag}`)].join(', ')
  const entry = { accountId, certificateId: id, subject: 'certificate', subjectId: id, fromState: null, actor, now }
  await recordHistory(trx, { ...entry, toState: 'tagged', detail })
  return true
}

/** @throws AppError `notFound`, `duplicateName` */
export async function renameCertificate(
  services: Services,
  caller: Caller,
  id: string,
  name: string,
): Promise<CertificateDetail> {
  const { accountId, actor } = caller
  await services.db.transaction().execute(async (trx) => {
    const taken = await findByName(trx, accountId, name)
    const old = await lockRow({ services, trx, caller, id })
    if (old === name) return
    if (taken !== null && taken !== id) {
      throw new AppError('duplicateName', `Renaming ${id} to ${name}: another certificate has this name: choose another.`, {
        facts: { certificateId: taken },
      })
    }
    await trx.updateTable('certificate').set({ name }).where('id', '=', id).where('account_id', '=', accountId).execute()
    const entry = {
      accountId,
      certificateId: id,
      subject: 'certificate',
      subjectId: id,
      fromState: null,
      actor,
      now: services.now(),
    }
    await recordHistory(trx, { ...entry, toState: 'renamed', detail: `${old} → ${name}` })
  })
  return loadCertificateDetail(services, caller, id)
}
