/**
 * The list facts of a certificate, worked out once for each transaction and only as far as they change. Before this, each row that a
 * transaction changed had the whole lineage worked out anew, words and all, by a plan that read every certificate of the account.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'
import { fillListing } from './0009-certificate-list.ts'

/** What of a listing may change. */
export const CHANGING = [
  'phase',
  'closed',
  'brand',
  'issuer',
  'not_after',
  'window_opens_at',
  'place_not_after',
  'place_name',
  'words_of',
]
export const dayOf = (column: string): string => `coalesce((${column} at time zone 'UTC')::date, '9999-12-31')`

/**
 * The account is compared in a way that no index serves. The planner knows nothing of tables that nobody has analysed yet, and would read
 * every issuance and every order of the account to find one.
 */
export const FACTS = `select c.id as certificate_id, c.account_id, c.lineage_id, c.lineage_index,
    case
      when c.closed_as is not null then c.closed_as
      when c.revoked_at is not null then 'revoked'
      when i.id is not null then case when c.revocation_requested_at is null then 'valid' else 'revocationPending' end
      when a.state is null or a.state = 'withdrawn' then 'pendingApplication'
      when a.state = 'issued' then 'inReview'
      else a.state
    end as phase,
    c.closed_as is not null as closed, c.origin, o.brand, i.issuer, i.not_after, i.window_opens_at, lower(c.name) as name_key,
    coalesce(i.names, a.identifiers, '{}') as names
  from certificate c
    left join application a on a.id = c.application_id
    left join issuance i on i.id = c.issuance_id and i.account_id is not distinct from c.account_id
    left join "order" o on o.id = c.order_id and o.account_id is not distinct from c.account_id`

const PLACES = `words_hash(f.name_key, f.names) as words_of,
  coalesce(max(f.not_after) filter (where f.phase in ('valid', 'revocationPending')) over lineage,
    max(f.not_after) over lineage, timestamptz '9999-12-31T00:00:00Z') as place_not_after,
  first_value(f.name_key) over (partition by f.lineage_id order by f.closed, f.lineage_index) as place_name`

const PREPARATION = [
  // What the words of a certificate were made from, as a hash; null: not known.
  `alter table certificate_listing add column words_of bigint`,
  `create function words_hash(name_key text, names text[]) returns bigint language sql immutable as $$
    select hashtextextended(name_key || e'\\n' || array_to_string(names, e'\\n'), 0)
  $$`,
  // As before, with comparisons of numbers: a regular expression for each character took longer than all the rest.
  `create or replace function search_words(text) returns setof text language sql immutable rows 10 as $$
    select substr($1, at) from (
      select at, ascii(substr($1, at, 1)) as this, ascii(substr($1, at - 1, 1)) as last from generate_series(1, length($1)) at
    ) place
    where at = 1 or this > 127
      or ((this between 97 and 122 or this between 48 and 57) and not (last between 97 and 122 or last between 48 and 57))
  $$`,
  `drop function certificate_list_facts`,
]

/** A column of the tally beside phase and days; never null. */
interface TalliedColumn {
  readonly name: string
  /** Of a row of the listing. */
  readonly of: (row: string) => string
}

interface ListingShape {
  readonly changing: readonly string[]
  readonly facts: string
  readonly tallied: readonly TalliedColumn[]
}

/** Comma-separated parts of the statements below. */
function partsOf({ changing, tallied }: ListingShape) {
  return {
    columnsOf: (row: string): string => changing.map((column) => `${row}.${column}`).join(', '),
    assigned: (row: string): string => changing.map((column) => `${column} = ${row}.${column}`).join(', '),
    more: (of: (column: TalliedColumn) => string): string => tallied.map((column) => `, ${of(column)}`).join(''),
  }
}

/** Many lineages at once: for what is filled or uploaded in bulk. Locks first and reads then: what another transaction committed while this one waited is seen. */
export function refreshingMany(shape: ListingShape): string {
  const { changing, facts, tallied } = shape
  const { columnsOf, assigned, more } = partsOf(shape)
  return `create or replace function refresh_listing(wanted_account text, wanted_lineages text[]) returns void language plpgsql
    set jit = off as $$
    begin
      perform 1 from certificate_listing where certificate_id in
          (select id from certificate where account_id = wanted_account and lineage_id = any(wanted_lineages))
        order by lineage_id, lineage_index for update;
      with placed as materialized (
        select f.*, ${PLACES} from (${facts}) f
        where f.account_id = wanted_account and f.lineage_id = any(wanted_lineages)
        window lineage as (partition by f.lineage_id)
      ), before as materialized (
        select l.* from certificate_listing l join placed p on p.certificate_id = l.certificate_id
      ), moved as (
        insert into certificate_tally_change (account_id, phase, opens_on, expires_on${more(({ name }) => name)}, count)
        select wanted_account, m.phase, ${dayOf('m.window_opens_at')}, ${dayOf('m.not_after')}${more(({ name }) => `m.${name}`)}, sum(m.change)
        from (select phase, window_opens_at, not_after${more(({ name, of }) => `${of('placed')} as ${name}`)}, 1 as change from placed
          union all select phase, window_opens_at, not_after${more(({ of }) => of('before'))}, -1 from before) m
        group by 1, 2, 3, 4${tallied.map((_column, index) => `, ${index + 5}`).join('')} having sum(m.change) <> 0
      ), known as (
        insert into issuer_name (account_id, issuer)
        select distinct p.account_id, p.issuer from placed p where p.issuer is not null
          and not exists (select from issuer_name k where k.account_id = p.account_id and k.issuer = p.issuer)
        on conflict do nothing
      ), words as materialized (
        select distinct p.account_id, p.certificate_id, 'name' as kind, word from placed p, search_words(p.name_key) word
        union all
        select distinct p.account_id, p.certificate_id, 'domain', word
        from placed p, unnest(p.names) name, domain_suffixes(lower(name)) word
      ), stored as materialized (
        select t.account_id, t.certificate_id, t.kind, t.token from certificate_token t
          join placed p on p.certificate_id = t.certificate_id
      ), forgotten as (
        delete from certificate_token t using (select * from stored except select account_id, certificate_id, kind, word from words) gone
        where t.account_id = gone.account_id and t.kind = gone.kind and t.token = gone.token
          and t.certificate_id = gone.certificate_id
      ), learnt as (
        insert into certificate_token (account_id, certificate_id, kind, token)
        select account_id, certificate_id, kind, word from words except select * from stored
        on conflict do nothing
      )
      insert into certificate_listing as l (certificate_id, account_id, lineage_id, lineage_index, origin, ${changing.join(', ')})
      select certificate_id, account_id, lineage_id, lineage_index, origin, ${changing.join(', ')}
      from placed p where not exists (select from before b where b.certificate_id = p.certificate_id and
        (${columnsOf('b')}) is not distinct from (${columnsOf('p')}))
      on conflict (certificate_id) do update set ${assigned('excluded')};
    end $$`
}

/** One lineage, for the triggers: few and small statements, each only if it has something to do. Planning them takes longer than they do. */
export function refreshingOne(shape: ListingShape): string {
  const { changing, facts } = shape
  const { columnsOf, assigned, more } = partsOf(shape)
  return `create or replace function refresh_lineage(wanted_account text, wanted_lineage text) returns void language plpgsql
    set jit = off set plan_cache_mode = force_generic_plan as $$
    declare
      p record;
    begin
      -- The inner order has the planner take the index that gives it, and not one of the account alone.
      perform 1 from (
          select id from certificate where account_id = wanted_account and lineage_id = wanted_lineage
          order by lineage_id desc, lineage_index offset 0
        ) c join certificate_listing l on l.certificate_id = c.id order by l.lineage_index for update of l;
      for p in
        select n.*, b.certificate_id is not null as is_listed, b.words_of is not distinct from n.words_of as has_words,
          b.phase as old_phase, ${dayOf('b.window_opens_at')} as old_opens_on, ${dayOf('b.not_after')} as old_expires_on,
          ${dayOf('n.window_opens_at')} as opens_on, ${dayOf('n.not_after')} as expires_on${more(({ name, of }) => `${of('b')} as old_${name}, ${of('n')} as new_${name}`)}
        from (
          select f.*, ${PLACES} from (${facts}) f
          where f.account_id = wanted_account and f.lineage_id = wanted_lineage window lineage as (partition by f.lineage_id)
        ) n left join certificate_listing b on b.certificate_id = n.certificate_id
        where (${columnsOf('b')}) is distinct from (${columnsOf('n')})
      loop
        if p.is_listed then
          update certificate_listing set ${assigned('p')} where certificate_id = p.certificate_id;
        else
          insert into certificate_listing (certificate_id, account_id, lineage_id, lineage_index, origin, ${changing.join(', ')})
          values (p.certificate_id, p.account_id, p.lineage_id, p.lineage_index, p.origin, ${columnsOf('p')});
        end if;
        if not p.is_listed or (p.old_phase, p.old_opens_on, p.old_expires_on${more(({ name }) => `p.old_${name}`)}) <>
            (p.phase, p.opens_on, p.expires_on${more(({ name }) => `p.new_${name}`)}) then
          insert into certificate_tally_change (account_id, phase, opens_on, expires_on${more(({ name }) => name)}, count)
          select wanted_account, m.* from (values (p.phase, p.opens_on, p.expires_on${more(({ name }) => `p.new_${name}`)}, 1),
            (p.old_phase, p.old_opens_on, p.old_expires_on${more(({ name }) => `p.old_${name}`)}, -1)) m (phase, opens_on, expires_on${more(({ name }) => name)}, change) where m.phase is not null;
        end if;
        if p.issuer is not null and not exists
            (select from issuer_name k where k.account_id = wanted_account and k.issuer = p.issuer) then
          insert into issuer_name (account_id, issuer) values (wanted_account, p.issuer) on conflict do nothing;
        end if;
        if not p.has_words then
          perform learn_words(wanted_account, p.certificate_id, p.name_key, p.names);
        end if;
      end loop;
    end $$`
}

const LEARN_WORDS = `create function learn_words(wanted_account text, wanted_certificate text, name_key text, names text[]) returns void
    language plpgsql as $$
    begin
      with words as materialized (
        select 'name' as kind, word from search_words(name_key) word
        union
        select 'domain', word from unnest(names) name, domain_suffixes(lower(name)) word
      ), forgotten as (
        delete from certificate_token t where t.certificate_id = wanted_certificate
          and t.account_id is not distinct from wanted_account and (t.kind, t.token) not in (select kind, word from words)
      )
      insert into certificate_token (account_id, certificate_id, kind, token)
      select wanted_account, wanted_certificate, kind, word from words on conflict do nothing;
    end $$`

/**
 * Deferred triggers run when all is changed, so the first of a lineage does it for those that follow: a row that this very transaction wrote is
 * up to date. That is why nothing may set these constraints to immediate.
 */
export const LISTED_ALREADY = (certificate: string): string =>
  `exists (select from certificate_listing where certificate_id = ${certificate} and xmin = pg_current_xact_id()::xid)`

const TRIGGERS = [
  `create or replace function certificate_is_listed() returns trigger language plpgsql as $$
    begin
      if not ${LISTED_ALREADY('new.id')} then
        perform refresh_lineage(new.account_id, new.lineage_id);
      end if;
      return null;
    end $$`,
  `create or replace function certificate_of_fact_is_listed() returns trigger language plpgsql as $$
    begin
      if not ${LISTED_ALREADY('new.certificate_id')} then
        perform refresh_lineage(c.account_id, c.lineage_id) from certificate c
          where c.id = new.certificate_id and c.account_id is not distinct from new.account_id
            and new.id in (c.application_id, c.issuance_id);
      end if;
      return null;
    end $$`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  const shape = { changing: CHANGING, facts: FACTS, tallied: [] }
  const refresh = [refreshingMany(shape), refreshingOne(shape)]
  for (const statement of [...PREPARATION, ...refresh, LEARN_WORDS, ...TRIGGERS]) await sql.raw(statement).execute(db)
  // Uploads of twenty and more on the embedded database were not in the list: their triggers were left out with the checks of references.
  await fillListing(db)
}
