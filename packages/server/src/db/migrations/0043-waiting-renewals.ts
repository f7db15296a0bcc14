/**
 * The stage that the renewal of a certificate waits for is one of its list facts: kept by the list's triggers and counted with the rest. Asking
 * each certificate in its window, with its renewal and everything that hangs on that, took longer the more of them there were.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'
import { LISTED_ALREADY, refreshingMany, refreshingOne } from './0011-listing-once.ts'
import { SHAPE } from './0032-forecast.ts'

/**
 * Of `certificate c` with its application `a` and its issuance `i`; null: the renewal is proved. One that is issued anew at no charge needs no
 * order (the twin of `entitlementContinues` in decide-renewal.ts). Without a target a person installs it, and only the proof tells. A subquery, so
 * that whatever the planner knows of these tables, it asks their indexes for the one certificate.
 */
const WAITS_FOR = `(select case
    when r.id is null and e.entitled_until > i.not_after + interval '1 day' then
      case when a.state in ('pendingValidation', 'inReview', 'reviewFailed') then 'issued' else 'applied' end
    when r.id is null then 'ordered'
    when r.state = 'ordered' or n.id is null then 'paid'
    when n.issuance_id is null and (b.state is null or b.state = 'withdrawn') then 'applied'
    when n.issuance_id is null then 'issued'
    when n.served_at is not null then null
    when exists (select from target t where t.certificate_id = n.id) and not exists (select from target t
      where t.certificate_id = n.id and not exists (select from deployment d
        where d.target_id = t.id and d.issuance_id = n.issuance_id and d.state in ('applied', 'proved'))) then 'proved'
    else 'installed'
  end
  from (values (c.id)) this (id)
    left join entitlement e on e.certificate_id = this.id
    left join renewal r on r.old_certificate_id = this.id and r.state <> 'cancelled'
    left join certificate n on n.id = r.new_certificate_id
    left join application b on b.id = n.application_id)`

/** Of the functions that keep the list. */
export const WAITING_SHAPE = {
  changing: [...SHAPE.changing, 'waits_for'],
  facts: SHAPE.facts.replace('i.window_opens_at,', `i.window_opens_at, ${WAITS_FOR} as waits_for,`),
  tallied: [...SHAPE.tallied, { name: 'waits_for', of: (row: string) => `coalesce(${row}.waits_for, '')` }],
}

const COLUMNS = WAITING_SHAPE.tallied.map(({ name }) => name).join(', ')

const TABLES = [
  // As a default it is there at once for every row; only the others are written.
  `alter table certificate_listing add column waits_for text default 'ordered'`,
  `alter table certificate_listing alter column waits_for drop default`,
  `update certificate_listing l set waits_for = ${WAITS_FOR}
    from certificate c left join application a on a.id = c.application_id left join issuance i on i.id = c.issuance_id
    where c.id = l.certificate_id and (exists (select from renewal r where r.old_certificate_id = c.id and r.state <> 'cancelled')
      or exists (select from entitlement e where e.certificate_id = c.id))`,
  `create index certificate_listing_waiting on certificate_listing (account_id, waits_for, window_opens_at, not_after)
    where phase = 'valid' and waits_for is not null`,
  ...['certificate_tally', 'certificate_tally_change'].map(
    (table) => `alter table ${table} add column waits_for text not null default ''`,
  ),
  `alter table certificate_tally drop constraint certificate_tally_pkey`,
  `delete from certificate_tally`,
  `delete from certificate_tally_change`,
  `alter table certificate_tally add primary key (account_id, phase, opens_on, expires_on, ${COLUMNS})`,
  `insert into certificate_tally (account_id, phase, opens_on, expires_on, ${COLUMNS}, count)
    select account_id, phase, coalesce((window_opens_at at time zone 'UTC')::date, '9999-12-31'),
      coalesce((not_after at time zone 'UTC')::date, '9999-12-31'), ${WAITING_SHAPE.tallied.map(({ of }) => of('l')).join(', ')}, count(*)
    from certificate_listing l group by 1, 2, 3, 4, 5, 6, 7`,
]

const REFRESH = `create function refresh_waiting(wanted_certificate text) returns void language plpgsql as $$
    begin
      if not ${LISTED_ALREADY('wanted_certificate')} then
        perform refresh_lineage(c.account_id, c.lineage_id) from certificate c where c.id = wanted_certificate;
      end if;
    end $$`

/** A trigger's function: brings what the query gives up to date. `that` is the row as it is or as it was. */
export const onChange = (
  name: string,
  certificates: (that: 'old' | 'new') => string,
): string => `create function ${name}() returns trigger
    language plpgsql as $$
    begin
      if tg_op <> 'INSERT' then
        perform refresh_waiting(r.id) from (${certificates('old')}) r;
      end if;
      if tg_op <> 'DELETE' then
        perform refresh_waiting(r.id) from (${certificates('new')}) r;
      end if;
      return null;
    end $$`

/** Where it is installed says nothing more of a renewal that is proved. */
export const unprovedBy = (certificate: string): string =>
  `select r.old_certificate_id as id from renewal r join certificate n on n.id = r.new_certificate_id
    where r.new_certificate_id = ${certificate} and r.state <> 'cancelled' and n.served_at is null`

const FUNCTIONS = [
  onChange('renewal_is_listed', (that) => `select ${that}.old_certificate_id as id`),
  onChange('entitlement_is_listed', (that) => `select ${that}.certificate_id as id`),
  onChange('target_is_listed', (that) => unprovedBy(`${that}.certificate_id`)),
  onChange('deployment_is_listed', (that) =>
    unprovedBy(`(select i.certificate_id from issuance i where i.id = ${that}.issuance_id)`),
  ),
  onChange(
    'proof_is_listed',
    (that) => `select old_certificate_id as id from renewal where new_certificate_id = ${that}.id and state <> 'cancelled'`,
  ),
]

const changed = (...columns: readonly string[]): string => {
  const of = (row: string) => columns.map((column) => `${row}.${column}`).join(', ')
  return `when ((${of('old')}) is distinct from (${of('new')})) `
}

const isDone = (row: string): string => `${row}.state in ('applied', 'proved')`

const trigger = (name: string, event: string, then: string): string =>
  `create constraint trigger ${name} after ${event} deferrable initially deferred for each row ${then}()`

const TRIGGERS = [
  trigger('renewal_added_to_list', 'insert or delete on renewal', 'execute function renewal_is_listed'),
  trigger(
    'renewal_changed_in_list',
    'update on renewal',
    `${changed('old_certificate_id', 'new_certificate_id', 'state')} execute function renewal_is_listed`,
  ),
  trigger('entitlement_added_to_list', 'insert or delete on entitlement', 'execute function entitlement_is_listed'),
  trigger(
    'entitlement_changed_in_list',
    'update on entitlement',
    `${changed('certificate_id', 'entitled_until')} execute function entitlement_is_listed`,
  ),
  trigger('target_added_to_list', 'insert or delete on target', 'execute function target_is_listed'),
  trigger('target_changed_in_list', 'update on target', `${changed('certificate_id')} execute function target_is_listed`),
  // A deployment is planned many times and done once: only the latter is told.
  trigger('deployment_added_to_list', 'insert on deployment', `when (${isDone('new')}) execute function deployment_is_listed`),
  trigger(
    'deployment_removed_from_list',
    'delete on deployment',
    `when (${isDone('old')}) execute function deployment_is_listed`,
  ),
  trigger(
    'deployment_changed_in_list',
    'update on deployment',
    `when ((${isDone('old')}) <> (${isDone('new')})) execute function deployment_is_listed`,
  ),
  trigger(
    'proof_changed_in_list',
    'update on certificate',
    `when ((old.served_at is null) <> (new.served_at is null) and new.lineage_index > 0) execute function proof_is_listed`,
  ),
]

export async function up(db: Kysely<unknown>): Promise<void> {
  const refresh = [refreshingMany(WAITING_SHAPE), refreshingOne(WAITING_SHAPE)]
  for (const statement of [...TABLES, ...refresh, REFRESH, ...FUNCTIONS, ...TRIGGERS]) await sql.raw(statement).execute(db)
}
