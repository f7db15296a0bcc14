/**
 * The tables of targets and of what is deployed to them, as Kysely sees them.
 *
 * @module
 */
import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { EndpointProtocol } from '@evercert/contract'
import type { DeploymentState } from '../domain/deployment/deployment-machine.ts'
import type { Baseline } from '../domain/deployment/judge-deployment.ts'

export interface TargetTable {
  id: string
  account_id: string
  certificate_id: string
  name: string
  kind: string
  config_secret_id: string
  /** Hashes of what it overwrites; null: not worked out yet. */
  places: Generated<string[] | null>
  /** Deployed and proved before the others. */
  canary: Generated<boolean>
  /** Its own address; all of it or none. */
  probe_host: string | null
  probe_port: number | null
  probe_server_name: string | null
  /** Null: that of all addresses before there was a choice, `tls`. */
  probe_protocol: EndpointProtocol | null
  created_at: Date
}

export interface DeploymentTable {
  id: string
  account_id: string
  target_id: string
  issuance_id: string
  certificate_id: string
  state: DeploymentState
  version: Generated<number>
  log: JSONColumnType<readonly string[]>
  failures: Generated<number>
  problem: string | null
  /** Null although there is a problem: it was written before there were codes. */
  problem_code: string | null
  retry_at: Date | null
  /** A `Baseline` of domain/deployment/judge-deployment.ts; null: not looked yet. */
  baseline: ColumnType<Baseline | null, string | null | undefined, string | null>
  previous_sha256: string | null
  /** Both while the addresses are watched after the reload. */
  check_at: Date | null
  check_until: Date | null
  check_tries: Generated<number>
  /** Why the previous pair is being put back. */
  restore_reason: string | null
  /** Since when the target is being touched, as far as is known; null: it is not. */
  begun_at: Generated<Date | null>
  /** Somebody wants it anew: the server is reloaded also where it has the pair already. */
  reload_asked: Generated<boolean>
  /** Whether it put the pair in place; null: not known, and nothing is taken back. */
  changed: Generated<boolean | null>
  /** Of the leaf that the target had before it was first touched for this deployment; null: none, or not known. */
  held_sha256: Generated<string | null>
  /** When that was looked up; null: not yet, or nobody can be asked. */
  held_at: Generated<Date | null>
  /** When what it left behind at the provider is removed; null: not, or not any more. */
  tidy_at: Generated<Date | null>
  /** When nothing of it was left. */
  tidied_at: Generated<Date | null>
  /** How often removal was asked for, or failed. */
  tidy_tries: Generated<number>
  /** Why it could not be done. */
  tidy_problem: Generated<string | null>
  created_at: Date
  updated_at: Date
}

/** Which node gathers what is deployed to a server. */
export interface ReloadLeaseTable {
  /** SHA-256 of what is reloaded. */
  server: string
  node: string
  /** By the clock of the database. */
  until: Date
  /** Jobs that other nodes left to this one. */
  handed: Generated<string[]>
}
