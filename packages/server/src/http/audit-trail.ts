/**
 * What the audit log has of requests, told in one place: an operation that changes something says so in the contract and knows nothing of it.
 *
 * @module
 */
import { contract, SCOPES, type OperationMeta } from '@evercert/contract'
import { AppError } from '../domain/errors.ts'
import type { AuditEvent } from '../services/audit/log.ts'
import type { Caller, Services } from '../services/context.ts'
import { withoutCredentials } from './problem.ts'

export interface CallOfOperation {
  readonly services: Services
  readonly caller: Caller
  readonly address: string | null
  readonly requestId: string
  /** `tokens.create`. */
  readonly action: string
  readonly method: string
  readonly operation: OperationMeta
  readonly input: unknown
}

/** Of no account, whoever of which account changes them. */
const OF_THE_INSTALLATION: ReadonlySet<string> = new Set([
  'issuers',
  'products',
  'promotions',
  'brands',
  'paymentConnections',
  'accounts',
  'users',
  'firstOperator',
  'recovery',
  'backups',
  'masterKeys',
  'signInProviders',
])

/** Runs an operation, with what it leaves in the log: an entry when it changed something, a note when it was refused or failed. */
export async function recordCall<Result extends { readonly output: unknown }>(
  call: CallOfOperation,
  { permit, run }: { readonly permit: () => Promise<void>; readonly run: () => PromiseLike<Result> | Result },
): Promise<Result> {
  const log = call.services.audit
  const event = eventOf(call)
  let intent: string | null = null
  try {
    await permit() // who may not do it does not make us write an intent
    if (isRecordedWhenDone(call)) intent = await log.begin(event)
    const result = await run()
    if (intent !== null) await log.finish(intent, withOutput(event, call, result.output))
    return result
  } catch (error) {
    if (intent !== null) await log.dismiss(intent)
    await noteFailure(call.services, event, error, { alsoFailed: call.method !== 'GET' && call.operation.audit !== 'none' })
    throw error
  }
}

function isRecordedWhenDone({ method, operation: { audit } }: CallOfOperation): boolean {
  return audit === 'access' || (method !== 'GET' && audit === undefined)
}

/** A call that is refused before it begins, and never gets as far as {@link recordCall}. */
export async function recordRefusal(
  services: Services,
  request: { readonly method: string; readonly path: string; readonly address: string | null; readonly requestId: string },
  error: unknown,
): Promise<void> {
  const { method, path, address, requestId } = request
  const isSignIn = path.startsWith('/api/auth/')
  if (isSignIn && !(error instanceof AppError && error.code === 'crossSite')) return // sign-in-trail.ts has it
  const action = findAction(method, path) ?? (isSignIn ? 'auth' : 'request')
  await noteFailure(services, { ...NOBODY_IN_PARTICULAR, action, address, requestId }, error, { alsoFailed: false })
}

const NOBODY_IN_PARTICULAR = {
  accountId: null,
  actor: 'nobody',
  actorKind: 'nobody',
  actorId: null,
  subject: null,
  subjectId: null,
  details: {},
} as const

const REFUSED: ReadonlySet<string> = new Set([
  'linkInvalid',
  'callbackForged',
  'rateLimited',
  'unauthenticated',
  'forbidden',
  'signInRefused',
  'secondFactorRefused',
  'singleSignOnRefused',
  'crossSite',
  'reviewerIsApplicant',
  'secondPersonNeeded',
  'noSecondPerson',
  'tokenNarrowed',
  'freshAuthenticationNeeded',
  'keysForUsersOnly',
  'approverIsRequester',
  'approverUnfit',
])
/** Mistakes of who asks: nothing was tried. */
const OF_NO_INTEREST: ReadonlySet<string> = new Set(['invalid', 'notFound', 'tooLarge', 'idempotencyKeyMissing'])

async function noteFailure(
  { audit }: Services,
  event: AuditEvent,
  error: unknown,
  { alsoFailed }: { readonly alsoFailed: boolean },
): Promise<void> {
  const code = error instanceof AppError ? error.code : error instanceof Error && 'status' in error ? 'invalid' : 'internal'
  const scope = error instanceof AppError ? error.facts['scope'] : undefined
  const details = { ...event.details, code, ...(typeof scope === 'string' && { scope }) }
  if (REFUSED.has(code)) await audit.note({ ...event, details }, 'refused')
  else if (alsoFailed && !OF_NO_INTEREST.has(code)) await audit.note({ ...event, details }, 'failed')
}

function eventOf({ caller, action, address, requestId, input }: CallOfOperation): AuditEvent {
  const [group = ''] = action.split('.')
  return {
    ...actorOf(caller),
    accountId: OF_THE_INSTALLATION.has(group) || caller.accountId === '' ? null : caller.accountId,
    action,
    subject: group,
    subjectId: textOf(input, 'id') ?? textOf(input, 'certificateId'),
    address,
    requestId,
    details: detailsOf(input),
  }
}

function actorOf({ sessionId, tokenId, actor, userId }: Caller): Pick<AuditEvent, 'actor' | 'actorKind' | 'actorId'> {
  if (tokenId === '') return { actor, actorKind: 'nobody', actorId: null }
  return {
    actor,
    actorKind: sessionId === undefined ? 'token' : 'user',
    actorId: sessionId === undefined ? tokenId : (userId ?? tokenId),
  }
}

/** What is only known afterwards: the id of what was made, and which settings were given. */
function withOutput(event: AuditEvent, { action, input }: CallOfOperation, output: unknown): AuditEvent {
  const subjectId = event.subjectId ?? textOf(output, 'id')
  const config = fieldOf(input, 'config')
  const settings = typeof config === 'object' && config !== null ? Object.keys(config).toSorted() : null
  // Whoever enters an account is seen there.
  const accountId = action === 'sessions.chooseAccount' ? textOf(input, 'accountId') : event.accountId
  return { ...event, accountId, subjectId, details: { ...event.details, ...(settings !== null && { settings }) } }
}

/** Fields that are told as they came. Whatever else an operation takes stays out: a new one is secret until it is named here. */
const TOLD = [
  'name',
  'title',
  'kind',
  'role',
  'email',
  'scopes',
  'expiresAt',
  'format',
  'host',
  'port',
  'amountMinor',
  'currency',
  'reference',
  'certificateId',
  'productId',
  'issuerId',
  'targetId',
  'enabled',
  'checks',
  'installation',
  'status',
  'brand',
  'tags',
  'issuer',
  'clientId',
  'allowedDomains',
  'newUsers',
  'decision',
  'days',
] as const
const MAX_TEXT = 200
const MAX_LIST = 20

function detailsOf(input: unknown): Record<string, unknown> {
  return Object.fromEntries(
    TOLD.flatMap((name) => {
      const told = toTold(name === 'scopes' ? knownScopes(fieldOf(input, name)) : fieldOf(input, name))
      return told === null ? [] : [[name, told] as const]
    }),
  )
}

/** The input is not checked yet: what is no permission may be anything. */
function knownScopes(value: unknown): unknown {
  return Array.isArray(value) ? value.filter((each) => SCOPES.includes(each)) : null
}

function toTold(value: unknown): string | number | boolean | readonly string[] | null {
  if (typeof value === 'string') return toText(value)
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value.slice(0, MAX_LIST).map(toText)
  return null
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : null
}

function textOf(value: unknown, name: string): string | null {
  const field = fieldOf(value, name)
  return typeof field === 'string' ? toText(field) : null
}

/** It comes before the input was checked: what the database does not keep is left out. */
function toText(text: string): string {
  return withoutCredentials(text).slice(0, MAX_TEXT).replaceAll('\0', '').toWellFormed()
}

const ROUTES = Object.entries(contract).flatMap(([group, members]) =>
  Object.entries(members).map(([member, procedure]) => {
    const { method = 'POST', path = '' } = procedure['~orpc'].route
    return { action: `${group}.${member}`, method, pattern: new RegExp(`^/api/v1${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`) }
  }),
)

function findAction(method: string, path: string): string | null {
  return ROUTES.find((route) => route.method === method && route.pattern.test(path))?.action ?? null
}
