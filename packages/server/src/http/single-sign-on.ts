/**
 * The way back from a provider of single sign-on: `GET /api/auth/callback/<provider>`, which ends at a page of the console whatever happened.
 *
 * @module
 */
import type { Context, Hono } from 'hono'
import { SINGLE_SIGN_ON_FAULTS, type SingleSignOnFault } from '@evercert/contract'
import { AppError } from '../domain/errors.ts'
import type { SingleSignOnResult } from '../ports/sign-in.ts'
import { confirmByProvider, signOnRefused } from '../services/access/fresh.ts'
import { countRequest } from '../services/access/request-windows.ts'
import { loadUser } from '../services/access/users.ts'
import type { Services } from '../services/context.ts'
import { networkAddress } from './network-address.ts'
import { recordSignIn } from './sign-in-trail.ts'

const PARAMETERS = ['code', 'state', 'iss', 'error'] as const
const MAX_PARAMETER = 2048

/** What better-auth says when it is at fault itself, or ours said nothing. */
const FAULTS: Readonly<Record<string, SingleSignOnFault>> = {
  signup_disabled: 'noUser',
  access_denied: 'givenUp',
}

export function addSingleSignOn(app: Hono<{ readonly Variables: { requestId: string } }>, services: Services): void {
  app.get('/api/auth/callback/:provider', async (context) => {
    context.header('cache-control', 'no-store')
    context.header('referrer-policy', 'no-referrer') // the address holds the code
    try {
      const { setCookies, place } = await comeBack(services, context)
      for (const cookie of setCookies) context.header('set-cookie', cookie, { append: true })
      return context.redirect(place)
    } catch (error) {
      const fault = error instanceof AppError ? faultIn(error) : null
      if (fault === null) throw error
      const next = error instanceof AppError ? error.facts['next'] : undefined
      const back = typeof next === 'string' ? `&${new URLSearchParams({ next }).toString()}` : ''
      return context.redirect(`/sign-in?fault=${fault}${back}`)
    }
  })
}

function faultIn(error: AppError): SingleSignOnFault | null {
  if (error.code === 'rateLimited') return 'tooMany'
  if (error.code !== 'singleSignOnRefused') return ['notFound', 'misconfigured', 'internal'].includes(error.code) ? null : 'away'
  return SINGLE_SIGN_ON_FAULTS.find((each) => each === error.facts['fault']) ?? 'doesNotFit'
}

interface Came {
  readonly body: { readonly next?: string }
  readonly email: string
  readonly setCookies: readonly string[]
  readonly place: string
}

function comeBack(services: Services, context: Context): Promise<Came> {
  const provider = context.req.param('provider') ?? ''
  const address = networkAddress(context)
  const headers = context.req.raw.headers
  const call = {
    path: 'callback' as const,
    body: { provider },
    headers: new Headers(),
    address,
    requestId: String(context.get('requestId')),
  }
  return recordSignIn(services, call, {
    email: null,
    permit: () => countRequest(services, 'singleSignOn', address),
    run: async () => {
      const query = new URLSearchParams()
      for (const name of PARAMETERS) {
        const value = context.req.query(name)
        if (value !== undefined) query.set(name, value.slice(0, MAX_PARAMETER))
      }
      const result = await services.signIn.singleSignOn(provider, { step: 'callback', query, headers, address })
      return settle(services, result, headers)
    },
  })
}

/** @throws AppError `singleSignOnRefused` */
async function settle(services: Services, { response, fault, came }: SingleSignOnResult, headers: Headers): Promise<Came> {
  const setCookies = response.headers.getSetCookie()
  if (fault !== null || came === null) throw signOnRefused(fault ?? faultOf(response.headers.get('location') ?? ''))
  if (came.kind === 'secondFactor') {
    const place = `/sign-in?${new URLSearchParams({ step: 'secondFactor', next: came.next }).toString()}`
    return { body: { next: 'secondFactor' }, email: came.email, setCookies, place }
  }
  if (came.kind === 'confirmed') {
    const userId = await services.signIn.takeBack(setCookies)
    const session = services.signIn.hasCookie(headers) ? await services.signIn.findSession(headers) : null
    const { email } = await confirmByProvider(services, session, { ...came, userId })
    return { body: { next: 'confirmed' }, email, setCookies: [], place: came.next } // the session stays the one that it was
  }
  const email = await whoCame(services, setCookies)
  if (email === null) throw signOnRefused(faultOf(came.next))
  return { body: {}, email, setCookies, place: came.next }
}

function faultOf(place: string): SingleSignOnFault {
  const error = URL.canParse(place, 'http://evercert.invalid')
    ? new URL(place, 'http://evercert.invalid').searchParams.get('error')
    : null
  return FAULTS[error ?? ''] ?? 'doesNotFit'
}

/** By the cookie that was just made; null when there is no session. */
async function whoCame(services: Services, setCookies: readonly string[]): Promise<string | null> {
  const cookie = setCookies.map((line) => line.split(';')[0] ?? '').join('; ')
  const session = await services.signIn.findSession(new Headers({ cookie }))
  return session === null ? null : (await loadUser(services, session.userId)).email
}
