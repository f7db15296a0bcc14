/**
 * What the audit log has of requests, told in one place: an operation that changes something says so in the contract and knows nothing of it.
 *
 * @module
 */
import { contract, type OperationMeta } from '@evercert/contract'
import type { AnySchema } from '@orpc/contract'
import { AppError } from '../domain/errors.ts'
import type { AuditEvent } from '../services/audit/log.ts'
import { findNamed } from '../services/audit/named.ts'
import type { Caller, Services } from '../services/context.ts'
import { chosenIn, textIn, toldIn } from './told-fields.ts'

export interface CallOfOperation {
  readonly services: Services
  readonly caller: Caller
  readonly address: string | null
  readonly requestId: string
  /** `tokens.create`. */
  readonly action: string
  readonly method: string
  readonly operation: OperationMeta
  /** As it came: nobody has looked at it yet. */
  readonly input: unknown
  /** What the contract says of the input. Undefined: it takes none. */
  readonly schema: AnySchema | undefined
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
    if (isRecordedWhenDone(call)) intent = await log.begin(await withChoices(event, call))
    const result = await run()
    if (intent !== null) await log.finish(intent, await withOutcome(event, call, result.output))
    return result
  } catch (error) {
    if (intent !== null) await log.dismiss(intent)
    const alsoFailed = call.method !== 'GET' && call.operation.audit !== 'none'
    await noteFailure(call.services, () => withChoices(event, call), error, { alsoFailed })
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
  const event = { ...NOBODY_IN_PARTICULAR, action, address, requestId }
  await noteFailure(services, () => Promise.resolve(event), error, { alsoFailed: false })
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
const OF_NO_INTEREST: ReadonlySet<string> = new Set([
  'invalid',
  'notFound',
  'tooLarge',
  'encodingUnsupported',
  'idempotencyKeyMissing',
])

async function noteFailure(
  { audit }: Services,
  toEvent: () => Promise<AuditEvent>,
  error: unknown,
  { alsoFailed }: { readonly alsoFailed: boolean },
): Promise<void> {
  const code = error instanceof AppError ? error.code : error instanceof Error && 'status' in error ? 'invalid' : 'internal'
  const outcome = REFUSED.has(code) ? 'refused' : alsoFailed && !OF_NO_INTEREST.has(code) ? 'failed' : null
  if (outcome === null) return
  const scope = error instanceof AppError ? error.facts['scope'] : undefined
  const event = await toEvent()
  const details = { ...event.details, code, ...(typeof scope === 'string' && { scope }) }
  await audit.note({ ...event, details }, outcome)
}

/** Who, what and from where: nothing that was typed. */
function eventOf({ caller, action, address, requestId }: CallOfOperation): AuditEvent {
  const [group = ''] = action.split('.')
  return {
    ...actorOf(caller),
    accountId: OF_THE_INSTALLATION.has(group) || caller.accountId === '' ? null : caller.accountId,
    action,
    subject: group,
    subjectId: null,
    address,
    requestId,
    details: {},
  }
}

/** What may be told of it before it is done, and when it is not: nothing before its schema let it through. */
async function withChoices(event: AuditEvent, { services, input, schema }: CallOfOperation): Promise<AuditEvent> {
  const checked = await checkedBy(schema, input)
  const typed = textIn(checked, 'id') ?? textIn(checked, 'certificateId')
  const subjectId = typed === null ? null : await findNamed(services, event.subject ?? '', typed)
  return { ...event, subjectId, details: chosenIn(checked) }
}

/** Null when it is not what the operation takes. */
async function checkedBy(schema: CallOfOperation['schema'], input: unknown): Promise<unknown> {
  const result = await schema?.['~standard'].validate(input)
  return result === undefined || result.issues !== undefined ? null : result.value
}

function actorOf({ sessionId, tokenId, actor, userId }: Caller): Pick<AuditEvent, 'actor' | 'actorKind' | 'actorId'> {
  if (tokenId === '') return { actor, actorKind: 'nobody', actorId: null }
  return {
    actor,
    actorKind: sessionId === undefined ? 'token' : 'user',
    actorId: sessionId === undefined ? tokenId : (userId ?? tokenId),
  }
}

/** What is only told afterwards: what was typed, the id of what was made, and which settings were given. */
async function withOutcome(event: AuditEvent, { action, input, schema }: CallOfOperation, output: unknown): Promise<AuditEvent> {
  const checked = await checkedBy(schema, input)
  // Whoever enters an account is seen there.
  const accountId = action === 'sessions.chooseAccount' ? textIn(checked, 'accountId') : event.accountId
  const subjectId = textIn(checked, 'id') ?? textIn(checked, 'certificateId') ?? textIn(output, 'id')
  return { ...event, accountId, subjectId, details: toldIn(checked) }
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
