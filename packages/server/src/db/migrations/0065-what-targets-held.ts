/**
 * What a target held before a deployment first touched it: whether the pair is this deployment's own doing is known after a crash as well. Orders of agents
 * that somebody asked for anew. And places of files, which are looked up by the folders that symbolic links lead to.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `alter table deployment add column held_sha256 text check (held_sha256 ~ '^[0-9a-f]{64}$')`,
  // Null: nobody looked yet, or nobody could.
  `alter table deployment add column held_at timestamptz`,
  `alter table deployment add check (held_sha256 is null or held_at is not null)`,
  `alter table agent_work add column again boolean not null default false`,
  // Worked out anew, with the next target that is added or changed.
  `update target set places = null
    where kind in ('apache', 'caddy', 'dovecot', 'haproxy', 'lighttpd', 'localFiles', 'nginx', 'postfix', 'tomcat')`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
