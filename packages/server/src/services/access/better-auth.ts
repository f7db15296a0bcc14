/**
 * Passwords, second factors, cookies and sessions, carried by better-auth 1.7 on our database. Loaded with the first request that needs
 * it: a service that only sees tokens does without. Who may try how often, from which page, and with which fields is decided before
 * (http/sign-in.ts); accounts and roles are ours.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import type { BetterAuthPlugin } from '@better-auth/core'
import { z } from 'zod'
import type { Db } from '../../db/connect.ts'
import { HOUR_MS } from '../../domain/time.ts'
import type { IdPrefix } from '../../domain/id.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import type { SignIn, SignInRequestOfCaller, SingleSignOnResult, SingleSignOnStep } from '../../ports/sign-in.ts'
import { newId, type Services } from '../context.ts'
import { passkeySite } from './passkeys.ts'
import { signOn } from './sign-on.ts'
import { claimCode, findChallenged } from './used-codes.ts'

type Needs = Pick<Services, 'db' | 'vault' | 'now' | 'log' | 'publicUrl'> & {
  readonly kit: Pick<AdapterKit, 'fetch'>
  /** Whether cookies are for https alone: that is how people reach the service. */
  readonly isSecure: boolean
}

const AUTH_PATH = '/api/auth'

/** A session ends this long after it was last used ... */
const IDLE_MS = 12 * HOUR_MS
/** ... and, used or not, this long after the sign-in. */
const LONGEST_SESSION_MS = 7 * 24 * HOUR_MS
const PROLONG_AFTER_MS = HOUR_MS
const ADDRESS_HEADER = 'x-evercert-address'

export function createSignIn(needs: Needs): SignIn {
  const prefix = needs.isSecure ? '__Host-evercert' : 'evercert'
  let loading: ReturnType<typeof load> | null = null
  const auth = () =>
    (loading ??= load(needs, prefix).catch((error: unknown) => {
      loading = null // the database was away: the next request tries again
      throw error
    }))
  const findSession: SignIn['findSession'] = async (headers) => {
    const { api } = await auth()
    const { headers: answered, response } = await api.getSession({ headers: onlyCookie(headers), returnHeaders: true })
    if (response === null) return null
    const signedInAt = response.session.createdAt.getTime()
    if (Date.now() - signedInAt > LONGEST_SESSION_MS) {
      await needs.db.deleteFrom('session').where('id', '=', response.session.id).execute()
      return null
    }
    const { id: sessionId, userId } = response.session
    return { sessionId, userId, signedInAt, setCookies: answered.getSetCookie() }
  }
  const handle: SignIn['handle'] = async (call) => (await auth()).handler(toRequest(call))
  return {
    hasCookie: (headers) => hasCookieOf(headers, `${prefix}.session_token`),
    findSession,
    handle: async (call) => {
      if (call.path !== '/two-factor/verify-totp') return handle(call)
      // Whose code it is, in the order in which better-auth decides it; a forged cookie of a sign-in is refused there.
      const session = hasCookieOf(call.headers, `${prefix}.session_token`) ? await findSession(call.headers) : null
      const userId = session?.userId ?? (await findChallenged(needs.db, challengeIn(call.headers, `${prefix}.two_factor`)))
      return userId === null ? handle(call) : once(needs, { userId, body: call.body }, () => handle(call))
    },
    checkPassword: async (userId, password) => {
      const row = await needs.db
        .selectFrom('credential')
        .select('password')
        .where('user_id', '=', userId)
        .where('provider_id', '=', 'credential')
        .executeTakeFirst()
      const hash = row?.password ?? null
      return hash !== null && (await (await auth()).$context).password.verify({ hash, password })
    },
    singleSignOn: (providerId, step) => stepOfSignOn(needs, prefix, providerId, step),
    takeBack: async (setCookies) => {
      const cookie = setCookies.map((line) => line.split(';')[0] ?? '').join('; ')
      const session = await findSession(new Headers({ cookie }))
      if (session === null) return null
      await needs.db.deleteFrom('session').where('id', '=', session.sessionId).execute()
      return session.userId
    },
    hashPassword: async (password) => (await (await auth()).$context).password.hash(password),
  }
}

function toRequest({ path, body, headers, address }: SignInRequestOfCaller): Request {
  const sent = onlyCookie(headers)
  sent.set('content-type', 'application/json')
  sent.set('user-agent', (headers.get('user-agent') ?? '').slice(0, 256))
  if (address !== null) sent.set(ADDRESS_HEADER, address)
  const init = body === null ? { headers: sent } : { method: 'POST', headers: sent, body: JSON.stringify(body) }
  return new Request(new URL(`${AUTH_PATH}${path}`, INTERNAL_ORIGIN), init)
}

/** One step with the plugin that it needs, on an instance of its own. */
async function stepOfSignOn(needs: Needs, prefix: string, id: string, step: SingleSignOnStep): Promise<SingleSignOnResult> {
  const { twoFactor } = await import('better-auth/plugins/two-factor')
  const [hook] = twoFactor().hooks.after
  if (hook === undefined) throw new Error('better-auth has another way to ask for a second factor')
  const { headers, address } = step
  return signOn(needs, {
    id,
    step,
    askSecondFactor: hook.handler,
    handle: async (plugin, request) => (await load(needs, prefix, [plugin])).handler(toRequest({ ...request, headers, address })),
  })
}

async function once(
  { db }: Needs,
  { userId, body }: { readonly userId: string; readonly body: object | null },
  check: () => Promise<Response>,
): Promise<Response> {
  const giveBack = await claimCode(db, userId, body !== null && 'code' in body ? String(body.code) : '')
  if (giveBack === null) return Response.json({ code: 'CODE_USED' }, { status: 401 })
  const response = await check()
  if (!response.ok) await giveBack()
  return response
}

function hasCookieOf(headers: Headers, name: string): boolean {
  return (headers.get('cookie') ?? '').includes(`${name}=`)
}

/** The name of a half-done sign-in: a signed cookie is its value, a point, and the signature. Empty when there is none. */
function challengeIn(headers: Headers, name: string): string {
  const cookies = (headers.get('cookie') ?? '').split(/;\s*/)
  const signed = cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
  return signed.slice(0, Math.max(0, signed.lastIndexOf('.')))
}

/** better-auth wants one; no address of it leaves the process. */
const INTERNAL_ORIGIN = 'http://evercert.invalid'

function onlyCookie(headers: Headers): Headers {
  const cookie = headers.get('cookie')
  return new Headers(cookie === null ? {} : { cookie })
}

const PREFIXES: Readonly<Record<string, IdPrefix>> = {
  user: 'usr',
  session: 'ses',
  account: 'crd',
  verification: 'chl',
  twoFactor: 'sfa',
  passkey: 'psk',
  deviceCode: 'dvc',
}

async function load(needs: Needs, cookiePrefix: string, further: BetterAuthPlugin[] = []) {
  const [{ betterAuth }, { twoFactor }, { kyselyAdapter }, devices, passkeys, secret] = await Promise.all([
    import('better-auth/minimal'),
    import('better-auth/plugins/two-factor'),
    import('@better-auth/kysely-adapter'),
    loadDeviceLogins(),
    loadPasskeys(needs),
    loadSecret(needs),
  ])
  return betterAuth({
    appName: 'Evercert',
    baseURL: INTERNAL_ORIGIN,
    basePath: AUTH_PATH,
    secrets: [{ version: 1, value: secret }], // given, so that no environment variable of its own is looked at
    database: kyselyAdapter(needs.db as never, { type: 'postgres', transaction: true }),
    telemetry: { enabled: false },
    rateLimit: { enabled: false }, // ours counts by e-mail address too (sign-in-failures.ts)
    logger: { disabled: true },
    emailAndPassword: { enabled: true, disableSignUp: true },
    session: {
      modelName: 'session',
      fields: { ...TIMES, userId: 'user_id', expiresAt: 'expires_at', ipAddress: 'address', userAgent: 'user_agent' },
      expiresIn: IDLE_MS / 1000,
      updateAge: PROLONG_AFTER_MS / 1000,
      freshAge: 0,
    },
    user: { modelName: 'user', fields: { ...TIMES, emailVerified: 'email_verified' } },
    account: {
      modelName: 'credential',
      updateAccountOnSignIn: false,
      // Users are made by those who know whose address it is; what counts is that the provider vouches for it (openid.ts).
      accountLinking: { requireLocalEmailVerified: false },
      fields: {
        ...TIMES,
        accountId: 'provider_user_id',
        providerId: 'provider_id',
        userId: 'user_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
      },
    },
    verification: { modelName: 'sign_in_challenge', fields: { ...TIMES, expiresAt: 'expires_at' } },
    plugins: [twoFactor({ issuer: 'Evercert', schema: TWO_FACTOR_SCHEMA }), ...devices, ...passkeys, ...further],
    advanced: {
      cookiePrefix,
      useSecureCookies: false, // it would add another prefix; `secure` below is what counts
      defaultCookieAttributes: { httpOnly: true, sameSite: 'lax', secure: needs.isSecure, path: '/' },
      // What comes from another site does not get here (http/same-site.ts), and no address is ever redirected to.
      disableOriginCheck: true,
      disableCSRFCheck: true,
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
      database: { validateSchema: false, generateId: ({ model }) => newId(needs, PREFIXES[model] ?? 'chl') },
    },
  })
}

/**
 * A passkey stands for password and second factor at once, so its owner has to be verified by the device: the plugin asks for that and
 * takes answers without it, which is what the two hooks end.
 */
async function loadPasskeys({ publicUrl }: Needs) {
  const site = passkeySite(publicUrl)
  if (site === null) return []
  const [{ passkey }, { APIError }] = await Promise.all([import('@better-auth/passkey'), import('better-auth/api')])
  const requireUser = (isVerified: boolean | undefined): Promise<void> =>
    isVerified === true ? Promise.resolve() : Promise.reject(new APIError('UNAUTHORIZED', { code: 'USER_NOT_VERIFIED' }))
  return [
    passkey({
      rpID: site.rpId,
      rpName: 'Evercert',
      origin: site.origin,
      schema: PASSKEY_SCHEMA,
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      registration: { afterVerification: ({ verification }) => requireUser(verification.registrationInfo?.userVerified) },
      authentication: { afterVerification: ({ verification }) => requireUser(verification.authenticationInfo.userVerified) },
      advanced: { webAuthnChallengeCookie: 'passkey' },
    }),
  ]
}

const DEVICE_LOGIN = { expiresIn: '15m', interval: '5s' } as const

/** The plugin gives out a session; ours gives out nothing, and the caller makes a token. All else of a redemption is the plugin's. */
async function loadDeviceLogins() {
  const [{ deviceAuthorization, redeemDeviceCode }, { createAuthEndpoint, APIError }] = await Promise.all([
    import('better-auth/plugins/device-authorization'),
    import('better-auth/api'),
  ])
  const redeem = createAuthEndpoint(
    '/device/redeem',
    { method: 'POST', body: z.object({ device_code: z.string(), client_id: z.string() }) },
    async (ctx) => {
      const { device_code: deviceCode, client_id: clientId } = ctx.body
      await redeemDeviceCode({
        ctx,
        deviceCode,
        authorizeRedemption: (found) => {
          if (found.clientId === clientId) return { ownershipWhere: { field: 'clientId', value: clientId }, context: undefined }
          throw new APIError('BAD_REQUEST', { error: 'invalid_grant' })
        },
        prepareRedemption: () => {},
      })
      return ctx.json({})
    },
  )
  return [
    deviceAuthorization({ ...DEVICE_LOGIN, schema: DEVICE_CODE_SCHEMA }),
    { id: 'device-token', endpoints: { redeem } },
  ] as const
}

const TIMES = { createdAt: 'created_at', updatedAt: 'updated_at' } as const

const TWO_FACTOR_SCHEMA = {
  user: { fields: { twoFactorEnabled: 'two_factor_enabled' } },
  twoFactor: {
    modelName: 'second_factor',
    fields: {
      userId: 'user_id',
      backupCodes: 'backup_codes',
      failedVerificationCount: 'failed_verification_count',
      lockedUntil: 'locked_until',
    },
  },
} as const

const DEVICE_CODE_SCHEMA = {
  deviceCode: {
    modelName: 'device_code',
    fields: {
      deviceCode: 'device_code',
      userCode: 'user_code',
      userId: 'user_id',
      expiresAt: 'expires_at',
      lastPolledAt: 'last_polled_at',
      pollingInterval: 'polling_interval',
      clientId: 'client_id',
    },
  },
} as const

const PASSKEY_SCHEMA = {
  passkey: {
    modelName: 'passkey',
    fields: {
      userId: 'user_id',
      publicKey: 'public_key',
      credentialID: 'credential_id',
      deviceType: 'device_type',
      backedUp: 'backed_up',
      createdAt: 'created_at',
    },
  },
} as const

/** Signs the cookies and encrypts the second factors: 256 random bits, sealed like every other secret. Two nodes at once agree on one. */
async function loadSecret({ db, vault, now }: Needs): Promise<string> {
  const known = await openSecret(db, vault)
  if (known !== null) return known
  await db.transaction().execute(async (trx) => {
    const secretId = await vault.seal(trx, {
      purpose: 'signIn',
      accountId: null,
      plaintext: randomBytes(32).toString('base64url'),
      now: now(),
    })
    const won = await trx
      .insertInto('sign_in_secret')
      .values({ secret_id: secretId })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst()
    if (won.numInsertedOrUpdatedRows !== 1n) await trx.deleteFrom('secret').where('id', '=', secretId).execute()
  })
  return (await openSecret(db, vault)) ?? Promise.reject(new Error('the secret of sign-in was stored and is not there'))
}

async function openSecret(db: Db, vault: Services['vault']): Promise<string | null> {
  const row = await db.selectFrom('sign_in_secret').select('secret_id').executeTakeFirst()
  return row === undefined ? null : vault.open(db, row.secret_id, 'signIn')
}
