/**
 * Enrolment: a token that lets one host in, once and soon. The host draws its own key and credential; the service keeps the public key
 * and a hash.
 *
 * @module
 */
import { createHash, createPublicKey, randomBytes } from 'node:crypto'
import type { EnrolmentView } from '@evercert/contract'
import type { Db } from '../../db/connect.ts'
import { recordHistory, type Trx } from '../../db/transition.ts'
import { AppError } from '../../domain/errors.ts'
import { requireFresh } from '../access/fresh.ts'
import { hashToken, requireScope } from '../accounts.ts'
import { newId, notFound, type Caller, type Services } from '../context.ts'

export const AGENT_PROGRAM_PATH = '/agent/evercert-agent.cjs'

export interface NewEnrolment {
  readonly name: string
  readonly validMinutes: number
}

export interface Enrolment {
  readonly id: string
  readonly name: string
  readonly expiresAt: string
  readonly token: string
  readonly command: string
}

/**
 * @param baseUrl where hosts reach the service
 * @throws AppError `duplicateName` while an agent of this name is active, `misconfigured` when the agent was not built; `forbidden` and
 *   `freshAuthenticationNeeded` for a name that an earlier agent had: targets name it, and whoever has it is given their keys
 */
export async function createEnrolment(
  services: Services,
  caller: Caller,
  { name, validMinutes }: NewEnrolment,
  baseUrl: string,
): Promise<Enrolment> {
  await refuseActiveName(services, caller.accountId, name)
  if (await hadAgent(services.db, { accountId: caller.accountId, name, since: null })) {
    requireScope(caller, 'installation:operate') // as for a target
    await requireFresh(services, caller, 'Letting a host take the place of one that was given private keys')
  }
  const program = await services.agentProgram()
  if (program === null) {
    throw new AppError(
      'misconfigured',
      'Enrolling an agent: the program for the host was not built: run "npm run build" in Evercert\'s folder, then repeat this.',
    )
  }
  const token = `evce_${randomBytes(32).toString('base64url')}`
  const now = services.now()
  const expiresAt = new Date(now + validMinutes * 60_000)
  const id = newId(services, 'enr')
  const command = commandFor({ baseUrl, token, sha256: createHash('sha256').update(program).digest('hex') })
  await services.db
    .insertInto('agent_enrolment')
    .values({
      id,
      account_id: caller.accountId,
      name,
      token_sha256: hashToken(token),
      created_at: new Date(now),
      expires_at: expiresAt,
      agent_id: null,
      created_by: caller.actor,
    })
    .execute()
  return { id, name, expiresAt: expiresAt.toISOString(), token, command }
}

function enrolmentQuery({ db, now }: Services, { accountId }: Caller) {
  return db
    .selectFrom('agent_enrolment')
    .select(['id', 'name', 'created_by', 'created_at', 'expires_at'])
    .where('account_id', '=', accountId)
    .where('agent_id', 'is', null)
    .where('withdrawn_at', 'is', null)
    .where('expires_at', '>', new Date(now()))
}

type EnrolmentRow = Awaited<ReturnType<ReturnType<typeof enrolmentQuery>['executeTakeFirstOrThrow']>>

/** Those that a host could still use, newest first. */
export async function listEnrolments(services: Services, caller: Caller): Promise<EnrolmentView[]> {
  const rows = await enrolmentQuery(services, caller).orderBy('id', 'desc').limit(1_000).execute()
  return rows.map(toEnrolmentView)
}

function toEnrolmentView(row: EnrolmentRow): EnrolmentView {
  return {
    id: row.id,
    name: row.name,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }
}

/**
 * Its token is good for nothing from now on. A host that enrols at the same moment comes before, or is refused.
 *
 * @throws AppError `notFound` when there is none that could still be used
 */
export async function withdrawEnrolment(services: Services, caller: Caller, id: string): Promise<EnrolmentView> {
  return services.db.transaction().execute(async (trx) => {
    const row = await enrolmentQuery({ ...services, db: trx }, caller)
      .where('id', '=', id)
      .forUpdate()
      .executeTakeFirst()
    if (row === undefined) throw notFound('enrolment', id)
    await trx
      .updateTable('agent_enrolment')
      .set({ withdrawn_at: new Date(services.now()) })
      .where('account_id', '=', caller.accountId)
      .where('id', '=', id)
      .execute()
    return toEnrolmentView(row)
  })
}

/** As the agent takes it: plain text only within the machine. */
const SAFE_URL = /^https:|^http:\/\/(127\.|localhost(:|$|\/)|\[::1\])/

/** The fingerprint came by the operator's session, so that the way of the file need not be trusted. */
function commandFor(facts: { readonly baseUrl: string; readonly token: string; readonly sha256: string }): string {
  const { token, sha256 } = facts
  const url = facts.baseUrl.replace(/\/$/, '')
  if (!/^https?:\/\/[\w.:[\]/-]+$/.test(url)) {
    throw new AppError(
      'misconfigured',
      `Enrolling an agent: the address ${url} cannot stand in a command line: set EVERCERT_PUBLIC_URL.`,
    )
  }
  if (!SAFE_URL.test(url)) {
    throw new AppError(
      'misconfigured',
      `Enrolling an agent: ${url} is not https, and private keys go over it: put TLS in front of the service and set EVERCERT_PUBLIC_URL.`,
    )
  }
  const file = '/usr/local/bin/evercert-agent'
  return [
    `curl -gfsS ${url}${AGENT_PROGRAM_PATH} -o ${file}.new`,
    `echo "${sha256}  ${file}.new" | sha256sum -c --quiet`,
    `chmod 755 ${file}.new`,
    `mv ${file}.new ${file}`,
    `${file} enroll --server ${url} --token ${token} --start`,
  ].join(' && ')
}

export interface Enrolling {
  readonly token: string
  readonly publicKeyPem: string
  readonly credentialSha256: string
  readonly hostName: string
  readonly version: string
}

/**
 * Makes the agent. The same host that repeats it, because the answer was lost, gets the same.
 *
 * @throws AppError `linkInvalid`, `badKey`, `duplicateName`
 */
export async function enrolAgent(services: Services, wish: Enrolling): Promise<{ id: string; name: string }> {
  const publicKeyPem = readPublicKey(wish.publicKeyPem)
  return services.db.transaction().execute(async (trx) => {
    const enrolment = await trx
      .selectFrom('agent_enrolment')
      .select(['id', 'account_id', 'name', 'created_at', 'expires_at', 'agent_id', 'withdrawn_at'])
      .where('token_sha256', '=', hashToken(wish.token))
      .forUpdate()
      .executeTakeFirst()
    if (enrolment === undefined) throw invalidToken('it is unknown')
    if (enrolment.agent_id !== null) return repeated(trx, enrolment.agent_id, { ...wish, publicKeyPem })
    if (enrolment.withdrawn_at !== null) throw invalidToken('it was withdrawn')
    if (enrolment.expires_at.getTime() <= services.now()) throw invalidToken('its time is over')
    const id = newId(services, 'agt')
    const { account_id: accountId, name, created_at: since } = enrolment
    if (await hadAgent(trx, { accountId, name, since })) throw invalidToken('another host had the name since')
    const at = new Date(services.now())
    const result = await trx
      .insertInto('agent')
      .values({
        id,
        account_id: accountId,
        name,
        state: 'active',
        public_key_pem: publicKeyPem,
        credential_sha256: wish.credentialSha256,
        host_name: wish.hostName,
        agent_version: wish.version,
        sites: '[]',
        findings: '[]',
        observed_at: null,
        enrolled_at: at,
        last_seen_at: at,
        revoked_at: null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (result.numInsertedOrUpdatedRows !== 1n) throw nameTaken(name)
    await trx.updateTable('agent_enrolment').set({ agent_id: id }).where('id', '=', enrolment.id).execute()
    await recordHistory(trx, {
      accountId,
      certificateId: null,
      subject: 'agent',
      subjectId: id,
      fromState: null,
      toState: 'active',
      actor: `agent ${name}`,
      detail: wish.hostName,
      now: services.now(),
    })
    return { id, name }
  })
}

/** One that is no more. A target names an agent that is there, so a name that had none is in no target. @param since null: ever */
async function hadAgent(
  db: Db | Trx,
  { accountId, name, since }: { readonly accountId: string; readonly name: string; readonly since: Date | null },
): Promise<boolean> {
  let query = db
    .selectFrom('agent')
    .select('id')
    .where('account_id', '=', accountId)
    .where('name', '=', name)
    .where('state', '<>', 'active')
  if (since !== null) query = query.where('enrolled_at', '>=', since)
  return (await query.limit(1).executeTakeFirst()) !== undefined
}

async function repeated(trx: Trx, agentId: string, wish: Enrolling): Promise<{ id: string; name: string }> {
  const agent = await trx
    .selectFrom('agent')
    .select(['id', 'name', 'public_key_pem', 'credential_sha256', 'state'])
    .where('id', '=', agentId)
    .executeTakeFirstOrThrow()
  const isSame = agent.public_key_pem === wish.publicKeyPem && agent.credential_sha256 === wish.credentialSha256
  if (!isSame || agent.state !== 'active') throw invalidToken('it was used')
  return { id: agent.id, name: agent.name }
}

function invalidToken(why: string): AppError {
  return new AppError(
    'linkInvalid',
    `Enrolling an agent: the token cannot be used, since ${why}: run "evercert agent enroll" anew.`,
  )
}

function nameTaken(name: string): AppError {
  return new AppError(
    'duplicateName',
    `Enrolling agent ${name}: there is an active one of this name: revoke it, or choose another.`,
  )
}

async function refuseActiveName({ db }: Services, accountId: string, name: string): Promise<void> {
  const row = await db
    .selectFrom('agent')
    .select('id')
    .where('account_id', '=', accountId)
    .where('name', '=', name)
    .where('state', '=', 'active')
    .executeTakeFirst()
  if (row !== undefined) throw nameTaken(name)
}

/** In one spelling. @throws AppError `badKey` */
function readPublicKey(pem: string): string {
  try {
    const key = createPublicKey(pem)
    if (key.asymmetricKeyType === 'ed25519') return key.export({ type: 'spki', format: 'pem' }).toString()
  } catch {
    // Said below.
  }
  throw new AppError('badKey', 'Enrolling an agent: its public key is no Ed25519 key in PEM: use the agent of this version.')
}
