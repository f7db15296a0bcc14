/**
 * What the services take: the database, the queue, the adapters that main.ts registered, and the clock. Built once in main.ts.
 *
 * @module
 */
import type { AddressRange } from '../domain/endpoint/address-range.ts'
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { Role, Scope } from '@evercert/contract'
import type { Database, Db } from '../db/connect.ts'
import type { Queue } from '../db/queue.ts'
import { AppError } from '../domain/errors.ts'
import { factsOfIssues } from '../domain/issue-words.ts'
import { formatId, type IdPrefix } from '../domain/id.ts'
import type { BusinessCalendar } from '../domain/business-day/business-calendar.ts'
import type { RenewalPolicy } from '../domain/certificate/window.ts'
import type { CaAdapter } from '../ports/ca.ts'
import type { DeployAdapter } from '../ports/deploy.ts'
import type { DnsAdapter } from '../ports/dns.ts'
import type { AdapterKit, NameServerLookups } from '../ports/kit.ts'
import type { NotifyAdapter } from '../ports/notify.ts'
import type { PaymentAdapter } from '../ports/payment.ts'
import type { SignIn } from '../ports/sign-in.ts'
import type { Places } from './advance/places.ts'
import type { ReloadLeases } from './advance/reload-leases.ts'
import type { AuditAnchor } from './audit/anchor-file.ts'
import type { AuditLog } from './audit/log.ts'
import type { Keyring } from './keyring.ts'
import type { Vault } from './vault.ts'

export interface Adapters {
  readonly ca: readonly CaAdapter[]
  readonly dns: readonly DnsAdapter[]
  readonly deploy: readonly DeployAdapter[]
  readonly notify: readonly NotifyAdapter[]
  readonly payment: readonly PaymentAdapter[]
}

/**
 * Called at each instant that a crash test may choose: before an effect, when what it is about to do outside is written down, after it, and
 * after it was recorded. An operation of the API is done when it only lacks its commit.
 */
export type StepHook = (step: string, moment: 'intended' | 'announced' | 'done' | 'recorded') => void

export interface Services {
  readonly database: Database
  readonly db: Db
  readonly queue: Queue
  readonly vault: Vault
  readonly keyring: Keyring
  readonly adapters: Adapters
  readonly kit: AdapterKit
  readonly nameServers: NameServerLookups
  readonly signIn: SignIn
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly policy: RenewalPolicy
  readonly probing: ProbingPolicy
  /** Business days, for estimates. */
  readonly calendar: BusinessCalendar
  /** Where people reach this installation, without a final slash; null when it was not set. */
  readonly publicUrl: string | null
  /** The service has a listener of its own for validation files (`EVERCERT_HTTP01_PORT`). */
  readonly answersFiles: boolean
  /** Peers whose `X-Forwarded-For` is believed; none by default. */
  readonly trustedProxies: readonly AddressRange[]
  /** Of the software. */
  readonly version: string
  readonly log: Logger
  readonly audit: AuditLog
  /** Where the newest checkpoint is kept, beside the database. */
  readonly auditAnchor: AuditAnchor
  /** How long the audit log keeps its lines at least; null: for ever. */
  readonly auditRetentionMs: number | null
  /** For this long after somebody said who they are their session may be given private keys. */
  readonly freshAuthenticationMs: number
  /** Requests a minute of a token or user, and of a network address without either; null: not limited. */
  readonly requestLimits: { readonly perMinute: number | null; readonly anonymousPerMinute: number | null }
  readonly onStep: StepHook
  readonly looks: LookIntervals
  readonly places: Places
  readonly reloads: ReloadLeases
  /** The one file that hosts run; null when it was not built. */
  readonly agentProgram: () => Promise<Uint8Array<ArrayBuffer> | null>
}

/** How often it is looked whether something has changed. */
export interface LookIntervals {
  /** Of a certificate, and of the list, while somebody listens. */
  readonly certificateMs: number
  readonly listMs: number
  /** Whether the master keys are there. */
  readonly masterKeysMs: number
}

export const DEFAULT_LOOKS: LookIntervals = { certificateMs: 1000, listMs: 2000, masterKeysMs: 5000 }

export interface ProbingPolicy {
  /** The usual time between two probes of an endpoint. */
  readonly intervalMs: number
  /** Endpoints that are looked at by schedule at the same time. */
  readonly concurrency: number
  /** The usual time between two questions to a CA whether a certificate was revoked; null: none is asked. */
  readonly revocationIntervalMs: number | null
  /** CIDR ranges in which people may look for endpoints; none by default. */
  readonly discoveryRanges: readonly string[]
}

/** Who calls: everything that is read or written belongs to `accountId`. */
export interface Caller {
  readonly accountId: string
  /** Of the token, or of the user when a session calls. */
  readonly tokenId: string
  /** For the history: the token's name, or the user's e-mail address. */
  readonly actor: string
  readonly scopes: ReadonlySet<Scope>
  /** The user, when a session calls or a token that a user made. */
  readonly userId?: string
  /** Only when a session calls. */
  readonly sessionId?: string
  /** Only when an agent calls; it has no permissions but the calls that are for agents. */
  readonly agentId?: string
  /** Only when a token calls that is narrowed: it sees certificates with one of these tags, and what belongs to them. */
  readonly tags?: readonly string[]
  /** What the user is in the account; not for tokens. */
  readonly role?: Role
}

/** Whoever holds the token of the data folder, or one that was made with it. */
const OPERATOR_PERSON = 'operator'

/**
 * Tells people apart (applicant and approver differ): a user with all their tokens. Tokens that no user made come from the operator's, and
 * are one person however many they are.
 */
export function personOf(caller: Pick<Caller, 'userId'>): string {
  return caller.userId ?? OPERATOR_PERSON
}

/** The service itself, acting for an account. */
export const EVERCERT_ACTOR = 'evercert'

export function newId(services: Pick<Services, 'now'>, prefix: IdPrefix): string {
  return formatId(prefix, services.now(), randomBytes(16))
}

/** Many at once, each greater than the one before: what they are given to is listed in that order. */
export function newIds(services: Pick<Services, 'now'>, prefix: IdPrefix, count: number): string[] {
  const now = services.now()
  const random = randomBytes(16 * count)
  return Array.from({ length: count }, (_, index) =>
    formatId(prefix, now, random.subarray(16 * index, 16 * (index + 1))),
  ).toSorted()
}

/** The adapter with this id. @throws AppError `misconfigured` naming the known ones */
export function findAdapter<A extends { readonly id: string }>(adapters: readonly A[], id: string, what: string): A {
  const adapter = adapters.find((candidate) => candidate.id === id)
  if (adapter !== undefined) return adapter
  const known = adapters.map((candidate) => candidate.id).join(', ')
  throw new AppError('misconfigured', `Looking up the ${what} kind "${id}": there is none: use one of ${known}.`)
}

/** Parses an adapter's settings. @throws AppError `invalid` naming each setting that is wrong */
export function parseConfig<Config>(
  adapter: { readonly id: string; readonly config: { safeParse(raw: unknown): ParseResult<Config> } },
  raw: unknown,
): Config {
  const parsed = adapter.config.safeParse(raw)
  if (parsed.success) return parsed.data
  const facts = factsOfIssues(parsed.error.issues, 'config')
  throw new AppError('invalid', `Reading the settings of "${adapter.id}": ${facts.faults.join('; ')}.`, { facts: { ...facts } })
}

/** The same for settings that somebody enters: a name that the adapter does not know is a typing error. @throws AppError `invalid` */
export function parseNewConfig<Config>(
  adapter: { readonly id: string; readonly config: { safeParse(raw: unknown): ParseResult<Config> } },
  raw: unknown,
): Config {
  const config = parseConfig(adapter, raw)
  const unknown = Object.keys(raw as object).filter((name) => !(name in (config as object)))
  if (unknown.length === 0) return config
  const facts = factsOfIssues(
    unknown.map((name) => ({ path: [name], message: 'there is no such setting' })),
    'config',
  )
  throw new AppError('invalid', `Reading the settings of "${adapter.id}": ${facts.faults.join('; ')}.`, { facts: { ...facts } })
}

type ParseResult<Config> =
  | { readonly success: true; readonly data: Config }
  | {
      readonly success: false
      readonly error: { readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] }
    }

export function notFound(what: string, id: string): AppError {
  return new AppError('notFound', `Looking up ${what} ${id}: there is none in this account: check the identifier.`)
}
