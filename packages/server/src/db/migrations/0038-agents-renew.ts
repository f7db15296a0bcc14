/**
 * Keys that agents make anew for each application, and enrolments that can be withdrawn.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `alter table agent_enrolment add column created_by text, add column withdrawn_at timestamptz`,
  `create index agent_enrolment_open on agent_enrolment (account_id, id) where agent_id is null and withdrawn_at is null`,
  // Of a CSR whose key is on the host of an agent: the site it was made for.
  `alter table csr add column site text`,
  // The name of such a CSR has the first 28 characters of its site before the last word.
  `update csr set site = coalesce(
      (select min(told ->> 'name') from agent, jsonb_array_elements(agent.sites) told
        where agent.id = csr.agent_id and left(told ->> 'name', 28) = substring(csr.name from ' ([^ ]+) [0-9a-f]{8}$')),
      substring(csr.name from ' ([^ ]{1,27}) [0-9a-f]{8}$'))
    where agent_id is not null`,
  `alter table application add constraint application_account unique (account_id, id)`,
  // Work for an application: a key made on the host, and its CSR.
  `alter table agent_work
    alter column deployment_id drop not null,
    alter column sha256 drop not null,
    add column application_id text,
    drop constraint agent_work_kind_check,
    add constraint agent_work_kind_check check (kind in ('install', 'restore', 'csr')),
    add constraint agent_work_of check (
      (kind = 'csr') = (application_id is not null) and (kind = 'csr') = (deployment_id is null) and (kind = 'csr') = (sha256 is null)),
    add constraint agent_work_application_round unique (application_id, round),
    add constraint agent_work_application foreign key (account_id, application_id) references application (account_id, id)`,
  `create index agent_work_of_application on agent_work (account_id, application_id)`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
