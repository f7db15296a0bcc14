/**
 * API tokens for programs without a browser, by device authorization (RFC 8628). Codes, polling and that a token is given once are better-auth's;
 * what the token may do, where and how long, is decided here by the person who confirms.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto'
import { isScope, type Scope, type TokenView } from '@evercert/contract'
import { KEY_SCOPES } from '../../domain/access/key-scopes.ts'
import { AppError } from '../../domain/errors.ts'
import { DAY_MS } from '../../domain/time.ts'
import { notFound, type Caller, type Services } from '../context.ts'
import { createToken } from '../tokens.ts'
import { requireFreshFor } from './fresh.ts'
import { countRequest } from './request-windows.ts'
import { requireUser } from './sessions.ts'

interface Asker {
  /** Its cookie says who confirms. */
  readonly headers: Headers
  readonly address: string | null
}

const NO_HEADERS = new Headers()

/** What a program that names nothing does not get: it can be asked for by name. */
const NOT_BY_DEFAULT: ReadonlySet<Scope> = new Set([...KEY_SCOPES, 'tokens:write'])

/** @throws AppError `rateLimited` */
export async function beginDeviceLogin(
  services: Services,
  wish: {
    readonly client: string
    readonly scopes: readonly Scope[] | null
    readonly address: string | null
    readonly baseUrl: string
  },
) {
  await countRequest(services, 'deviceLogin', wish.address)
  const body = { client_id: wish.client, ...(wish.scopes !== null && { scope: wish.scopes.join(' ') }) }
  const raw = await ask(services, '/device/code', body, { headers: NO_HEADERS, address: wish.address })
  const deviceCode = String(raw['device_code'])
  const userCode = String(raw['user_code'])
  // Who reads the database cannot poll with what is there.
  await services.db
    .updateTable('device_code')
    .set({ device_code: hash(deviceCode), address: wish.address })
    .where('device_code', '=', deviceCode)
    .execute()
  return {
    deviceCode,
    userCode: `${userCode.slice(0, 4)}-${userCode.slice(4)}`,
    verificationUrl: `${wish.baseUrl}/device`,
    expiresInSeconds: Number(raw['expires_in']),
    intervalSeconds: Number(raw['interval']),
  }
}

const STATES = {
  authorization_pending: 'pending',
  slow_down: 'slowDown',
  access_denied: 'refused',
  expired_token: 'over',
  invalid_grant: 'over', // unknown, given already, or of another program
} as const

type Polled = { state: 'pending' | 'slowDown' | 'refused' | 'over' | 'given'; token: (TokenView & { token: string }) | null }

/** The token is made now, so that it is nowhere before. */
export async function pollDeviceLogin(
  services: Services,
  { client, deviceCode, address }: { readonly client: string; readonly deviceCode: string; readonly address: string | null },
): Promise<Polled> {
  const row = await services.db
    .selectFrom('device_code')
    .innerJoin('user', 'user.id', 'device_code.user_id')
    .select(['device_code.account_id', 'granted_scopes', 'token_days', 'user.id as userId', 'email'])
    .where('device_code', '=', hash(deviceCode))
    .executeTakeFirst()
  const call = {
    path: '/device/redeem',
    body: { device_code: hash(deviceCode), client_id: client },
    headers: NO_HEADERS,
    address,
  }
  const response = await services.signIn.handle(call)
  if (!response.ok) {
    const { error } = (await response.json()) as { error?: string }
    const state = error !== undefined && error in STATES ? STATES[error as keyof typeof STATES] : null
    if (state === null) throw new Error(`better-auth answered ${response.status} ${error ?? ''} to ${call.path}`)
    return { state, token: null }
  }
  const { account_id: accountId = null, granted_scopes: granted = null, token_days: days = null } = row ?? {}
  if (row === undefined || accountId === null || granted === null || days === null)
    throw new Error('a device login was given to nobody')
  const caller = {
    accountId,
    tokenId: row.userId,
    userId: row.userId,
    actor: row.email,
    scopes: new Set(granted.filter(isScope)),
  }
  const at = new Date(services.now()).toISOString()
  const token = await createToken(services, caller, {
    name: `${client} ${at.slice(0, 10)} ${randomBytes(3).toString('hex')}`, // the same machine may sign in twice
    scopes: [...caller.scopes],
    expiresAt: new Date(services.now() + days * DAY_MS).toISOString(),
    tags: null,
  })
  return { state: 'given', token }
}

/** Also binds the request to the user: nobody else may decide on it then. @throws AppError `forbidden`, `notFound`, `rateLimited` */
export async function inspectDeviceLogin(services: Services, caller: Caller, userCode: string, asker: Asker) {
  requireUser(caller)
  requireAccount(caller)
  await countRequest(services, 'deviceLogin', asker.address)
  const code = toCode(userCode)
  const raw = await ask(services, `/device?${new URLSearchParams({ user_code: code }).toString()}`, null, asker)
  if (raw['status'] !== 'pending' || typeof raw['client_id'] !== 'string') throw unknownCode()
  const row = await services.db
    .selectFrom('device_code')
    .select(['address', 'expires_at'])
    .where('user_code', '=', code)
    .executeTakeFirst()
  if (row === undefined) throw unknownCode()
  return {
    client: raw['client_id'],
    address: row.address,
    scopes: scopesFor(caller, raw['scope']),
    expiresAt: row.expires_at.toISOString(),
  }
}

/** @throws AppError `forbidden`, `notFound` (also when somebody else looked first, or it was decided) */
export async function decideDeviceLogin(
  services: Services,
  caller: Caller,
  wish: { readonly userCode: string; readonly decision: 'give' | 'refuse'; readonly days: number },
  asker: Asker,
): Promise<{ decision: 'give' | 'refuse' }> {
  const { userId } = requireUser(caller)
  requireAccount(caller)
  const { decision, days } = wish
  const code = toCode(wish.userCode)
  if (decision === 'give') {
    const row = await services.db.selectFrom('device_code').select('scope').where('user_code', '=', code).executeTakeFirst()
    const scopes = scopesFor(caller, row?.scope)
    if (scopes.length === 0)
      throw new AppError('forbidden', 'Giving the token: you have none of the permissions that it asks for: ask for a role.')
    await requireFreshFor(services, caller, { scopes, what: 'Giving a token whose permissions lead to private keys' })
    const noted = await services.db
      .updateTable('device_code')
      .set({ account_id: caller.accountId, granted_scopes: scopes, token_days: days })
      .where('user_code', '=', code)
      .where('user_id', '=', userId)
      .where('status', '=', 'pending')
      .executeTakeFirst()
    if (noted.numUpdatedRows !== 1n) throw unknownCode()
  }
  await ask(services, decision === 'give' ? '/device/approve' : '/device/deny', { userCode: code }, asker)
  return { decision }
}

function requireAccount(caller: Caller): void {
  if (caller.accountId === '')
    throw new AppError(
      'forbidden',
      'Deciding on a login: you are in no account, so there is nothing to give: ask for an invitation.',
    )
}

/** What was asked for, or else all that is not dangerous; never more than the person has. */
function scopesFor(caller: Caller, asked: unknown): Scope[] {
  const wanted = typeof asked === 'string' && asked !== '' ? new Set(asked.split(' ')) : null
  return [...caller.scopes].filter((scope) => (wanted === null ? !NOT_BY_DEFAULT.has(scope) : wanted.has(scope)))
}

async function ask(services: Services, path: string, body: object | null, asker: Asker): Promise<Record<string, unknown>> {
  const response = await services.signIn.handle({ path, body, ...asker })
  if (response.ok) return (await response.json()) as Record<string, unknown>
  if (response.status < 500) throw unknownCode()
  throw new Error(`better-auth answered ${response.status} to ${path.split('?')[0] ?? ''}`)
}

function toCode(userCode: string): string {
  return userCode.replace(/[\s-]/g, '').toUpperCase()
}

function unknownCode(): AppError {
  return notFound('login', 'by this code')
}

function hash(deviceCode: string): string {
  return createHash('sha256').update(deviceCode).digest('hex')
}

/** Requests that are over, by the system clock, as better-auth goes by it. */
export async function forgetOldDeviceLogins({ db }: Services): Promise<void> {
  await db.deleteFrom('device_code').where('expires_at', '<', new Date()).execute()
}
