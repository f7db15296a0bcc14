/**
 * Deployments that are judged by handshake: what was served before, until when to look, and why the previous pair comes back. Targets
 * with an address of their own, and canaries.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `alter table target add column canary boolean not null default false`,
  `alter table target add column probe_host text`,
  `alter table target add column probe_port int check (probe_port between 1 and 65535)`,
  `alter table target add column probe_server_name text`,
  `alter table target add check ((probe_host is null) = (probe_port is null) and (probe_host is null) = (probe_server_name is null))`,
  `alter table target add check (not canary or probe_host is not null)`,
  // What each watched address served before the target was touched; stays until the deployment ends.
  `alter table deployment add column baseline jsonb`,
  `alter table deployment add column previous_sha256 text check (previous_sha256 ~ '^[0-9a-f]{64}$')`,
  // Set while the addresses are watched after the reload.
  `alter table deployment add column check_at timestamptz`,
  `alter table deployment add column check_until timestamptz`,
  `alter table deployment add column check_tries int not null default 0`,
  // Written before the previous pair is put back.
  `alter table deployment add column restore_reason text`,
  `alter table deployment add check ((check_at is null) = (check_until is null))`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
