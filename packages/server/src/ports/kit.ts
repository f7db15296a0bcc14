/**
 * What every adapter receives: a guarded way out, the clock, and nothing else. No database, no environment, no other adapter.
 *
 * @module
 */
import type { AgentStatement } from '@evercert/contract'
import type { OrganisationSubject } from '../domain/applicant/subject.ts'

export interface GuardedRequest {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly timeoutMs?: number
  /** The response is cut off with `upstreamUnavailable` beyond this, which the facts then name. */
  readonly maxBytes?: number
  /** Redirects followed, each checked again; default 0. */
  readonly maxRedirects?: number
  /** PEM roots trusted for this request besides the system's. */
  readonly caPem?: string
  /** For a CA's own file validation only, where the name is what is proved and not the certificate. */
  readonly ignoreCertificate?: boolean
  readonly signal?: AbortSignal
}

export interface GuardedResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** The address that answered. */
  readonly address: string
}

/**
 * A request to the outside: the name is resolved once and the connection goes to that address; private, link-local and metadata
 * addresses are refused unless the operator allows the range.
 *
 * @throws AppError `addressForbidden`, `upstreamUnavailable`, `timedOut`
 */
export type GuardedFetch = (url: string, request?: GuardedRequest) => Promise<GuardedResponse>

/** Looks names up where the operator said (system resolver by default). */
export interface Resolver {
  /** A and AAAA addresses; empty when the name does not exist. @throws AppError `upstreamUnavailable` */
  resolveAddresses(name: string): Promise<readonly string[]>
  /** TXT values, strings of one record joined; empty when there are none. @throws AppError `upstreamUnavailable` */
  resolveTxt(name: string): Promise<readonly string[]>
}

/** Finds and asks the servers of a zone themselves, past all caches. */
export interface NameServerLookups extends Pick<Resolver, 'resolveAddresses'> {
  /** Names of the servers of a zone; empty when the name is no zone. @throws AppError `upstreamUnavailable` */
  resolveNameServers(name: string): Promise<readonly string[]>
  /** The name that this one is an alias of; null when it is none. @throws AppError `upstreamUnavailable` */
  resolveAlias(name: string): Promise<string | null>
  /**
   * TXT values as one server gives them, asked itself; empty when it says that there are none.
   *
   * @param address of the server
   * @throws AppError `addressForbidden`, `upstreamUnavailable`
   */
  resolveTxtAt(address: string, name: string): Promise<readonly string[]>
}

export interface AdapterKit {
  readonly fetch: GuardedFetch
  readonly resolver: Resolver
  /** Null when the operator allows connections to the address, otherwise what it is; for adapters that open sockets of their own. */
  readonly guardAddress: (address: string) => string | null
  /** Epoch milliseconds. */
  readonly now: () => number
  /** The built-in CA's durable memory; other adapters do not touch it. */
  readonly builtinCaStore: BuiltinCaStore
  /** Of the account and deployment that the adapter works for; missing where there is none. */
  readonly agentDesk?: AgentDesk
  /** Told each line of a deployment's log as it is said, before the evidence has them all; missing where nobody watches. */
  readonly onLogLine?: (line: string) => void
  /** The same for each try of one deployment, another when somebody asks for it anew; missing where there is none. */
  readonly delivery?: string
  /** Knows of other deployments on their way to the same server; missing where there are none. */
  readonly gathering?: Gathering
  /** For servers that are reached over SSH; missing for the usual. */
  readonly sshLimits?: SshLimits
}

/** How long a server may take that is reached over SSH, in milliseconds. */
export interface SshLimits {
  /** From the first packet until we are signed in. */
  readonly readyMs: number
  /** For each answer: a file read or written, a folder, a channel opened. Commands have their own. */
  readonly answerMs: number
  /** For its goodbye, before the connection is cut. */
  readonly endMs: number
}

/** Deployments to one server at about the same time, which reload it once. */
export interface Gathering {
  /** For how long nobody must have come before the server is reloaded. */
  quietMs(server: string): number
  /** Waits for others; meanwhile as many more may be under way. */
  aside<Value>(wait: () => Promise<Value>): Promise<Value>
}

/** What the built-in CA remembers. One row of `ca_order` for each reference; serials are never used twice. */
export interface BuiltinCaStore {
  /** The CA's keys and certificates for one issuer, made by `make` the first time; concurrent callers get the same. */
  loadOrCreateAuthority(authorityId: string, make: () => Promise<BuiltinAuthority>): Promise<BuiltinAuthority>
  /** Inserts the order, or returns the one that already has this reference. */
  insertOrder(order: BuiltinOrder): Promise<BuiltinOrder>
  loadOrder(authorityId: string, id: string): Promise<BuiltinOrder | null>
  /** Compare-and-set on `version`; false when the order changed meanwhile. */
  updateOrder(order: BuiltinOrder): Promise<boolean>
  findIssued(authorityId: string, serialHex: string): Promise<BuiltinOrder | null>
  listRevoked(
    authorityId: string,
  ): Promise<readonly { readonly serialHex: string; readonly revokedAt: number; readonly reason: number }[]>
}

export interface BuiltinAuthority {
  readonly rootPem: string
  readonly rootKeyPkcs8Pem: string
  readonly intermediatePem: string
  readonly intermediateKeyPkcs8Pem: string
}

/** An order at the built-in CA. Timestamps are epoch milliseconds. */
export interface BuiltinOrder {
  readonly id: string
  readonly authorityId: string
  readonly reference: string
  readonly version: number
  readonly state: 'pending' | 'ready' | 'signing' | 'issued' | 'refused'
  readonly notAfter: number
  readonly challenges: readonly BuiltinChallenge[]
  /** Drawn and stored before the signature, so that a signature never exists without a record. */
  readonly serialHex: string | null
  readonly csrSha256: string | null
  readonly notBefore: number | null
  readonly chainPem: string | null
  readonly refusal: string | null
  /** OV and EV: the organisation that stands in the certificate; null for DV. */
  readonly subject: OrganisationSubject | null
  readonly revokedAt: number | null
  readonly revocationReason: number | null
}

export interface BuiltinChallenge {
  readonly ref: string
  readonly identifier: string
  readonly wildcard: boolean
  readonly method: 'file' | 'dns'
  readonly location: string
  readonly content: string
  readonly state: 'pending' | 'processing' | 'valid' | 'invalid'
  readonly problem: string | null
  readonly validatedAt: number | null
  /** Taken over from an earlier order, with its `validatedAt`. */
  readonly reused?: boolean
}

/** What an agent is asked for: the site by its name alone, the certificate by its fingerprint. */
export interface AgentOrder {
  /** Name of the agent in the account. */
  readonly agent: string
  readonly site: string
  readonly kind: 'install' | 'restore'
  /** Of the leaf to install, or to take back. */
  readonly sha256: string
  /** A person asked for it anew: the server is reloaded also where the files hold the pair. An agent of before does not know that. */
  readonly again: boolean
  /** How long the agent may take before the work is called off. */
  readonly timeoutMs: number
}

export interface AgentSiteFacts {
  /** What the host had when the agent last told; null when nothing could be read. */
  readonly sha256: string | null
}

/** Where work for agents is handed over: once for each try of a deployment, however often it is asked for. */
export interface AgentDesk {
  /**
   * What the agent reported of the work.
   *
   * @throws AppError `agentAway`, pending, while it has not; `agentAway` when it took too long; `deployRefused` when there is no such agent
   */
  ask(order: AgentOrder): Promise<AgentStatement>
  /** @throws AppError `invalid` when the account has no such agent, or the agent told that it has no such site */
  findSite(agent: string, site: string): Promise<AgentSiteFacts>
}
