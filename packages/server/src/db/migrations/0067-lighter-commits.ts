/**
 * What keeps the list does less at the end of a transaction: its queries ask indexes whatever the planner knows of the tables, words are found in
 * one go, and where one fact of a certificate changes alone, the one column that follows from it is worked out, not the whole lineage.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'
import { dayOf, LISTED_ALREADY } from './0011-listing-once.ts'
import { unprovedBy } from './0043-waiting-renewals.ts'
import { FOLLOWS } from './0048-uploads-that-follow.ts'
import { SHAPE } from './0052-brands-of-uploads.ts'

/** As before: the name is split where a word begins, and not looked at character by character. */
const SEARCH_WORDS = String.raw`create or replace function search_words(text) returns setof text language sql immutable rows 10 as $$
    with name as materialized (select regexp_split_to_array($1, '(?<![a-z0-9])(?=[a-z0-9])|(?=[^\x01-\x7f])') as pieces)
    select array_to_string(pieces[at:], '') from name, generate_series(1, cardinality(pieces)) at where $1 <> ''
  $$`

/** Certificates of which this transaction brought only a part up to date: their rows are written, and yet not as LISTED_ALREADY takes them to be. */
const IN_PART = `coalesce(current_setting('evercert.listed_in_part', true), '')`
const isInPart = (certificate: string): string => `strpos(${IN_PART}, ${certificate}) > 0`
/** An assignment: it takes no query. */
const markInPart = (certificate: string): string =>
  `marked := set_config('evercert.listed_in_part', ${IN_PART} || ' ' || ${certificate}, true)`
const listedWhole = (certificate: string): string => `(${LISTED_ALREADY(certificate)} and not ${isInPart(certificate)})`

/**
 * Locks the row first, so that what is read behind it is as another transaction left it that had the lock; and before it the first row of the
 * lineage, where those begin that lock all of its rows: who locks several, one by one and in any order, waits for nobody who waits for it.
 */
const lockRow = (certificate: string): string =>
  `perform from certificate_listing
        where certificate_id = (select l.lineage_id from certificate_listing l where l.certificate_id = ${certificate}) for update;
      select xmin = pg_current_xact_id()::xid into is_written from certificate_listing where certificate_id = ${certificate} for update`

const TALLIED = ['opens_on', 'expires_on', ...SHAPE.tallied.map(({ name }) => name)]
/** What row `l` of the list is counted under beside its phase. */
const COUNTED = [
  `${dayOf('l.window_opens_at')} as opens_on`,
  `${dayOf('l.not_after')} as expires_on`,
  ...SHAPE.tallied.map(({ name, of }) => `${of('l')} as ${name}`),
].join(', ')

/** Counts row `p` as it was before no more, and as it is now: under what is given, otherwise as before. */
function recount(account: string, now: Readonly<Record<string, string>>): string {
  const columns = ['phase', ...TALLIED]
  const before = columns.map((column) => `p.${column}`)
  const after = columns.map((column) => now[column] ?? `p.${column}`)
  return `insert into certificate_tally_change (account_id, ${columns.join(', ')}, count)
    values (${account}, ${after.join(', ')}, 1), (${account}, ${before.join(', ')}, -1)`
}

/** The stage that its renewal waits for, and nothing else of it: for what nothing else follows from. */
const REFRESH_WAITING = `create or replace function refresh_waiting(wanted_certificate text) returns void language plpgsql as $$
    declare
      is_written boolean;
      p record;
      marked text;
    begin
      ${lockRow('wanted_certificate')};
      if not found then
        perform refresh_lineage(c.account_id, c.lineage_id) from certificate c where c.id = wanted_certificate;
      elsif not is_written or ${isInPart('wanted_certificate')} then
        select l.account_id, l.phase, f.waits_for as now_waits_for, ${COUNTED} into p
          from (${SHAPE.facts}) f join certificate_listing l on l.certificate_id = f.certificate_id
          where f.certificate_id = wanted_certificate;
        if p.waits_for <> coalesce(p.now_waits_for, '') then
          update certificate_listing set waits_for = p.now_waits_for where certificate_id = wanted_certificate;
          ${recount('p.account_id', { waits_for: `coalesce(p.now_waits_for, '')` })};
          ${markInPart('wanted_certificate')};
        end if;
      end if;
    end $$`

const LINEAGE_OF_FACT = `perform refresh_lineage(c.account_id, c.lineage_id) from certificate c
          where c.id = new.certificate_id and c.account_id is not distinct from new.account_id
            and new.id in (c.application_id, c.issuance_id)`

const WHOLE = [
  `create or replace function certificate_is_listed() returns trigger language plpgsql as $$
    begin
      if not ${listedWhole('new.id')} then
        perform refresh_lineage(new.account_id, new.lineage_id);
      end if;
      return null;
    end $$`,
  `create or replace function certificate_of_fact_is_listed() returns trigger language plpgsql as $$
    begin
      if not ${listedWhole('new.certificate_id')} then
        ${LINEAGE_OF_FACT};
      end if;
      return null;
    end $$`,
]

/**
 * An application on its way to its first certificate gives that one its phase. What the one before waits for, its place in the list and its words
 * stay as they are: that begins when it is submitted, and ends when it is withdrawn or issued.
 */
const APPLICATION_STATE = [
  `create function application_state_is_listed() returns trigger language plpgsql as $$
    declare
      is_written boolean;
      p record;
      marked text;
    begin
      ${lockRow('new.certificate_id')};
      if is_written and not ${isInPart('new.certificate_id')} then
        return null;
      end if;
      select l.phase, a.state as now_phase, ${COUNTED} into p
        from certificate c join application a on a.id = c.application_id join certificate_listing l on l.certificate_id = c.id
        where c.id = new.certificate_id and c.account_id is not distinct from new.account_id and a.id = new.id
          and c.issuance_id is null and c.closed_as is null and c.revoked_at is null and a.state not in ('issued', 'withdrawn');
      if not found then
        ${LINEAGE_OF_FACT};
      elsif p.phase <> p.now_phase then
        update certificate_listing set phase = p.now_phase where certificate_id = new.certificate_id;
        ${recount('new.account_id', { phase: 'p.now_phase', is_last: 'false' })};
        ${markInPart('new.certificate_id')};
      end if;
      return null;
    end $$`,
  `drop trigger application_changed_in_list on application`,
  ...(
    [
      ['changed', '', 'certificate_of_fact_is_listed'],
      ['moved', 'not ', 'application_state_is_listed'],
    ] as const
  ).map(
    ([name, not, then]) => `create constraint trigger application_${name}_in_list after update on application
      deferrable initially deferred for each row
      when ((old.state, old.identifiers) is distinct from (new.state, new.identifiers) and ${not}(
        old.identifiers is distinct from new.identifiers or new.state = 'issued' or (old.state = 'withdrawn') <> (new.state = 'withdrawn')))
      execute function ${then}()`,
  ),
]

/** A trigger's function: brings what the query gives up to date. It asks for the row as it was only when that names another certificate. */
const onChange = (name: string, key: string, certificates: (key: string) => string): string =>
  `create or replace function ${name}() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' or (tg_op = 'UPDATE' and old.${key} is distinct from new.${key}) then
        perform refresh_waiting(r.id) from (${certificates(`old.${key}`)}) r;
      end if;
      if tg_op <> 'DELETE' then
        perform refresh_waiting(r.id) from (${certificates(`new.${key}`)}) r;
      end if;
      return null;
    end $$`

const WAITING = [
  onChange('renewal_is_listed', 'old_certificate_id', (id) => `select ${id} as id`),
  onChange('entitlement_is_listed', 'certificate_id', (id) => `select ${id} as id`),
  onChange('target_is_listed', 'certificate_id', unprovedBy),
  onChange('deployment_is_listed', 'issuance_id', (id) =>
    unprovedBy(`(select i.certificate_id from issuance i where i.id = ${id})`),
  ),
  onChange(
    'proof_is_listed',
    'id',
    (id) => `select old_certificate_id as id from renewal where new_certificate_id = ${id} and state <> 'cancelled'`,
  ),
  onChange(
    'site_of_followed_is_listed',
    'certificate_id',
    (id) => `select u.renews_certificate_id as id from certificate u where u.renews_certificate_id = ${id} and ${FOLLOWS}`,
  ),
  onChange(
    'proof_of_follower_is_listed',
    'id',
    (id) => `select u.renews_certificate_id as id from certificate u where u.id = ${id} and ${FOLLOWS}`,
  ),
]

/**
 * A plan is made when tables are small or nobody has looked at them yet, is kept while they grow, and read them from end to end. Each of these
 * queries is after a few rows, and there is an index for each.
 */
const PLANNED = [
  'refresh_lineage(text, text)',
  'refresh_waiting(text)',
  'learn_words(text, text, text, text[])',
  'certificate_is_listed()',
  'certificate_of_fact_is_listed()',
  'application_state_is_listed()',
  ...WAITING.map((statement) => /\w+_is_listed\(\)/.exec(statement)?.[0] ?? ''),
].flatMap((name) =>
  [
    'jit = off',
    'plan_cache_mode = force_generic_plan',
    'enable_seqscan = off',
    'enable_hashjoin = off',
    'enable_mergejoin = off',
  ].map((setting) => `alter function ${name} set ${setting}`),
)

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [SEARCH_WORDS, REFRESH_WAITING, ...WHOLE, ...APPLICATION_STATE, ...WAITING, ...PLANNED])
    await sql.raw(statement).execute(db)
}
