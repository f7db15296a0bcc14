/**
 * Agents on the hosts, as Kysely sees them.
 *
 * @module
 */
import type { AgentFinding, AgentSite } from '@evercert/contract'
import type { Generated, JSONColumnType } from 'kysely'
import type { AgentState, AgentWorkState } from '../domain/agent/agent-machine.ts'

export interface AgentTable {
  id: string
  account_id: string
  /** One active agent of a name in an account. */
  name: string
  state: AgentState
  version: Generated<number>
  public_key_pem: string
  /** The credential itself never leaves the host but in its own requests. */
  credential_sha256: string
  host_name: string
  agent_version: string
  /** As the agent told at `observed_at`. */
  sites: JSONColumnType<AgentSite[], string, string>
  findings: JSONColumnType<AgentFinding[], string, string>
  observed_at: Date | null
  enrolled_at: Date
  /** To some seconds. */
  last_seen_at: Date | null
  revoked_at: Date | null
}

export interface AgentEnrolmentTable {
  id: string
  account_id: string
  name: string
  token_sha256: string
  created_at: Date
  expires_at: Date
  /** Who enrolled with it; null: nobody yet. */
  agent_id: string | null
  /** Null before 0038. */
  created_by: string | null
  withdrawn_at: Generated<Date | null>
}

export interface AgentWorkTable {
  id: string
  account_id: string
  agent_id: string
  /** Null for a CSR. */
  deployment_id: string | null
  /** Of a CSR; null for others. */
  application_id: Generated<string | null>
  certificate_id: string
  kind: 'install' | 'restore' | 'csr'
  site: string
  /** Of the leaf to install, or to take back; null for a CSR. */
  sha256: string | null
  /** Failures of the deployment, or the application, before: each try is a piece of work of its own. */
  round: number
  /** Somebody asked for it anew: the server is reloaded also where the files hold the pair. */
  again: Generated<boolean>
  state: AgentWorkState
  version: Generated<number>
  /** Drawn anew each time that it is taken; a report names the last one. */
  lease: string | null
  leased_at: Date | null
  leases: Generated<number>
  /** Before 0054: so many lines of the log of this lease are in that of the deployment, told before the report. */
  live_lines: Generated<number>
  /** What the agent told under this lease; empty when it is over, since the report has all of it, signed. */
  live_log: JSONColumnType<readonly string[], string | undefined, string>
  /** JSON, as it was signed. */
  statement: string | null
  signature: string | null
  created_at: Date
  expires_at: Date
}
