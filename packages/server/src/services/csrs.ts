/**
 * Stored CSRs: made here with their key, or uploaded, and then with or without it (DOMAIN §4).
 *
 * @module
 */
import type { CsrDetail, CsrView } from '@evercert/contract'
import {
  createCsr as createCsrDer,
  generateKey,
  loadPrivateKey,
  parseCsr,
  PkiError,
  toPem,
  type CsrFacts,
  type KeyKind,
} from '@evercert/pki'
import { sql, type Selectable } from 'kysely'
import type { Db } from '../db/connect.ts'
import type { CsrTable } from '../db/applicant-tables.ts'
import type { Trx } from '../db/transition.ts'
import { commonNameOf, parseDomainName } from '../domain/application/domain-names.ts'
import { AppError } from '../domain/errors.ts'
import { storePrivateKey } from './certificates.ts'
import { badCsrOf, csrOfSameKey } from './csr-advice.ts'
import { newId, notFound, type Caller, type Services } from './context.ts'
import { readPki } from './read-pki.ts'

const COLUMNS = [
  'csr.id',
  'csr.account_id',
  'csr.name',
  'csr.origin',
  'csr.common_name',
  'csr.names',
  'csr.algorithm',
  'csr.spki_sha256',
  'csr.der',
  'csr.private_key_id',
  'csr.agent_id',
  'csr.site',
  'csr.created_at',
] as const

/** With the certificate whose application has the public key, also one that was pasted: the same condition as the index that forbids two. */
function csrQuery(db: Db, accountId: string) {
  return db
    .selectFrom('csr')
    .select(COLUMNS)
    .select((builder) =>
      builder
        .selectFrom('application')
        .whereRef('application.spki_sha256', '=', 'csr.spki_sha256')
        .whereRef('application.account_id', '=', 'csr.account_id')
        .where(sql<boolean>`(application.state <> 'withdrawn' or application.finalize_started_at is not null)`)
        .select('application.certificate_id')
        .limit(1)
        .as('used_by'),
    )
    .where('csr.account_id', '=', accountId)
}

export async function listCsrs({ db }: Services, { accountId }: Caller): Promise<CsrView[]> {
  const rows = await csrQuery(db, accountId).orderBy('csr.id', 'desc').execute()
  return rows.map((row) => toView(row))
}

/** @throws AppError `notFound` */
export async function loadCsr({ db }: Services, { accountId }: Caller, id: string): Promise<CsrDetail> {
  const row = await csrQuery(db, accountId).where('csr.id', '=', id).executeTakeFirst()
  if (row === undefined) throw notFound('CSR', id)
  return { ...toView(row), csrPem: toPem(row.der, 'CERTIFICATE REQUEST') }
}

function toView(row: Selectable<CsrTable> & { readonly used_by: string | null }): CsrView {
  return {
    id: row.id,
    name: row.name,
    origin: row.origin,
    commonName: row.common_name,
    domains: row.names,
    algorithm: row.algorithm,
    spkiSha256: row.spki_sha256,
    hasKey: row.private_key_id !== null,
    usedByCertificateId: row.used_by,
    agentId: row.agent_id,
    createdAt: row.created_at.toISOString(),
  }
}

export interface NewCsr {
  readonly name: string
  readonly domains: readonly string[]
  readonly key: KeyKind
}

/** Makes a key and a CSR for the names; the key stays here. @throws AppError `badDomain`, `duplicateName` */
export async function createCsr(services: Services, caller: Caller, wish: NewCsr): Promise<CsrDetail> {
  const names = [...new Set(wish.domains.map((domain) => parseDomainName(domain).name))]
  const key = await generateKey(wish.key)
  const facts = await parseCsr(await createCsrDer({ key, names, commonName: commonNameOf(names) }))
  return store(services, caller, { name: wish.name, origin: 'system', facts }, (trx) =>
    storePrivateKey(services, trx, caller.accountId, key),
  )
}

export interface UploadedCsr {
  readonly name: string
  readonly csrPem: string
  readonly privateKeyPem: string | null
}

/** @throws AppError `badCsr`, `badKey`, `keyMismatch`, `duplicateName`, `tooLarge` */
export async function uploadCsr(services: Services, caller: Caller, upload: UploadedCsr): Promise<CsrDetail> {
  const facts = await readCsr(upload.csrPem)
  const { privateKeyPem } = upload
  const key = privateKeyPem === null ? null : readMatchingKey(privateKeyPem, facts.spkiSha256)
  return store(services, caller, { name: upload.name, origin: 'uploaded', facts }, async (trx) =>
    key === null ? null : storePrivateKey(services, trx, caller.accountId, key),
  )
}

/** Unused ones of one agent: a host that went wrong must not fill the list. */
const MAX_UNUSED_OF_AGENT = 20

/**
 * Stores a CSR whose key an agent made and keeps. The same CSR again is the same row.
 *
 * @throws AppError `badCsr`, `conflict` (too many that no application uses), `tooLarge`
 */
export async function storeAgentCsr(
  services: Services,
  caller: Caller & { readonly agentId: string },
  { site, csrPem }: { readonly site: string; readonly csrPem: string },
): Promise<{ id: string; name: string }> {
  const facts = await readCsr(csrPem)
  const own = (await csrQuery(services.db, caller.accountId).where('csr.agent_id', '=', caller.agentId).execute()).map(toView)
  const same = own.find(({ spkiSha256 }) => spkiSha256 === facts.spkiSha256)
  if (same !== undefined) return { id: same.id, name: same.name }
  if (own.filter(({ usedByCertificateId }) => usedByCertificateId === null).length >= MAX_UNUSED_OF_AGENT) {
    throw new AppError(
      'conflict',
      `Storing a CSR of ${caller.actor}: ${MAX_UNUSED_OF_AGENT} of it wait for an application: use or remove them first.`,
    )
  }
  const name = nameOfAgentCsr(caller.actor.slice('agent '.length), site, facts)
  const stored = { name, origin: 'uploaded', facts, agentId: caller.agentId, site } as const
  return store(services, caller, stored, () => Promise.resolve(null))
}

function nameOfAgentCsr(agent: string, site: string, { spkiSha256 }: CsrFacts): string {
  return `${agent.slice(0, 24)} ${site.slice(0, 28)} ${spkiSha256.slice(0, 8)}`
}

export interface AgentCsr {
  readonly accountId: string
  readonly agentId: string
  /** Its name. */
  readonly agent: string
  readonly site: string
  readonly facts: CsrFacts
}

/** Stores a CSR that an agent made when it was asked. @returns its id; null when the account has one of this key already */
export async function insertAgentCsr(
  services: Services,
  trx: Trx,
  { accountId, agentId, agent, site, facts }: AgentCsr,
): Promise<string | null> {
  const stored = { name: nameOfAgentCsr(agent, site, facts), origin: 'uploaded', facts, agentId, site } as const
  const row = toRow(services, accountId, stored)
  const result = await trx
    .insertInto('csr')
    .values({ ...row, private_key_id: null })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n ? row.id : null
}

/** Reads a CSR and checks what DOMAIN §4 demands of its key and signature. @throws AppError `badCsr`, `tooLarge` */
export async function readCsr(csr: string | Uint8Array): Promise<CsrFacts> {
  try {
    return await parseCsr(csr)
  } catch (cause) {
    if (cause instanceof PkiError)
      throw cause.code === 'tooLarge' ? new AppError('tooLarge', cause.message, { cause }) : badCsrOf(cause)
    throw cause
  }
}

function readMatchingKey(pem: string, spkiSha256: string) {
  const key = readPki('badKey', () => loadPrivateKey(pem))
  if (key.spkiSha256 === spkiSha256) return key
  throw new AppError(
    'keyMismatch',
    'Reading the private key: it is another key than that of the CSR: send the one it was made with.',
  )
}

interface StoredCsr {
  readonly name: string
  readonly origin: 'system' | 'uploaded'
  readonly facts: CsrFacts
  readonly agentId?: string
  /** Of the agent's host. */
  readonly site?: string
}

async function store(
  services: Services,
  caller: Caller,
  stored: StoredCsr,
  storeKey: (trx: Trx) => Promise<string | null>,
): Promise<CsrDetail> {
  const row = toRow(services, caller.accountId, stored)
  await services.db.transaction().execute(async (trx) => {
    const result = await trx
      .insertInto('csr')
      .values({ ...row, private_key_id: await storeKey(trx) })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (result.numInsertedOrUpdatedRows !== 1n) throw await duplicate(trx, caller, stored.name, stored.facts)
  })
  return loadCsr(services, caller, row.id)
}

function toRow(services: Services, accountId: string, { name, origin, facts, agentId, site }: StoredCsr) {
  return {
    id: newId(services, 'csr'),
    account_id: accountId,
    name,
    origin,
    common_name: facts.commonName,
    names: [...facts.names],
    algorithm: facts.algorithm,
    spki_sha256: facts.spkiSha256,
    der: facts.der,
    agent_id: agentId ?? null,
    site: site ?? null,
    created_at: new Date(services.now()),
  }
}

async function duplicate(trx: Trx, caller: Caller, name: string, facts: CsrFacts): Promise<AppError> {
  const sameKey = await trx
    .selectFrom('csr')
    .select(['id', 'name'])
    .where('account_id', '=', caller.accountId)
    .where('spki_sha256', '=', facts.spkiSha256)
    .executeTakeFirst()
  return sameKey === undefined
    ? new AppError('duplicateName', `Storing the CSR ${name}: there is one with this name: choose another.`)
    : csrOfSameKey(name, sameKey)
}

/**
 * Adds the private key that an uploaded CSR was made with. A certificate that was issued for the CSR has it from now on too.
 *
 * @throws AppError `badKey`, `keyMismatch`, `conflict` (it has its key), `notFound`
 */
export async function attachKey(services: Services, caller: Caller, id: string, privateKeyPem: string): Promise<CsrDetail> {
  const { accountId } = caller
  const { spkiSha256 } = await loadCsr(services, caller, id)
  const key = readMatchingKey(privateKeyPem, spkiSha256)
  await services.db.transaction().execute(async (trx) => {
    const keyId = await storePrivateKey(services, trx, accountId, key)
    await giveKey(trx, accountId, spkiSha256, keyId) // applications before the CSR: the order in which submissions lock them
    const result = await trx
      .updateTable('csr')
      .set({ private_key_id: keyId })
      .where('account_id', '=', accountId)
      .where('id', '=', id)
      .where('private_key_id', 'is', null)
      .executeTakeFirst()
    if (result.numUpdatedRows !== 1n)
      throw new AppError('conflict', `Adding the key of CSR ${id}: it has its key already: nothing is to be done.`)
    await giveKey(trx, accountId, spkiSha256, keyId) // what was submitted while the CSR was waited for
  })
  return loadCsr(services, caller, id)
}

/** To applications and issuances of the public key that have none. */
async function giveKey(trx: Trx, accountId: string, spkiSha256: string, keyId: string): Promise<void> {
  for (const table of ['application', 'issuance'] as const) {
    await trx
      .updateTable(table)
      .set({ private_key_id: keyId })
      .where('account_id', '=', accountId)
      .where('spki_sha256', '=', spkiSha256)
      .where('private_key_id', 'is', null)
      .execute()
  }
}

/**
 * Forgets a CSR; its key too, unless a certificate needs it. What was issued for it stays.
 *
 * @throws AppError `inUse` while an application in progress uses it, `notFound`
 */
export async function removeCsr(services: Services, caller: Caller, id: string): Promise<{ id: string }> {
  const { accountId } = caller
  await services.db.transaction().execute(async (trx) => {
    // Whoever submits with this CSR at the same time waits here, or is seen below.
    const locked = await trx
      .selectFrom('csr')
      .select('private_key_id')
      .where('account_id', '=', accountId)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (locked === undefined) throw notFound('CSR', id)
    const user = await trx
      .selectFrom('application')
      .select('certificate_id')
      .where('account_id', '=', accountId)
      .where('csr_id', '=', id)
      .where('state', 'in', ['pendingValidation', 'inReview'])
      .executeTakeFirst()
    if (user !== undefined) {
      throw new AppError(
        'inUse',
        `Forgetting the CSR ${id}: the application of ${user.certificate_id} uses it: withdraw that first.`,
        {
          facts: { certificateId: user.certificate_id },
        },
      )
    }
    await trx.deleteFrom('csr').where('account_id', '=', accountId).where('id', '=', id).execute()
    if (locked.private_key_id !== null) await forgetUnusedKey(trx, accountId, locked.private_key_id)
  })
  return { id }
}

async function forgetUnusedKey(trx: Trx, accountId: string, keyId: string): Promise<void> {
  const key = await trx
    .deleteFrom('private_key')
    .where('account_id', '=', accountId)
    .where('id', '=', keyId)
    .where(
      sql<boolean>`not exists (select from application where application.private_key_id = ${keyId})
        and not exists (select from issuance where issuance.private_key_id = ${keyId})`,
    )
    .returning('secret_id')
    .executeTakeFirst()
  if (key !== undefined) await trx.deleteFrom('secret').where('id', '=', key.secret_id).execute()
}

/** The DER of a stored CSR that an application names. @throws AppError `invalid` when the account has none of this id */
export async function findStoredCsr(db: Db, accountId: string, id: string): Promise<Uint8Array> {
  const row = await db.selectFrom('csr').select('der').where('account_id', '=', accountId).where('id', '=', id).executeTakeFirst()
  if (row !== undefined) return row.der
  throw new AppError('invalid', 'Applying with a stored CSR: there is no such CSR: choose one of GET /api/v1/csrs.')
}
