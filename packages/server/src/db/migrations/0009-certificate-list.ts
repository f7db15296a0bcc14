/**
 * What the certificate list searches, filters, sorts and counts by: tags, one row of list facts for each certificate, searchable words,
 * and tallies. All but the tags follow from facts that are stored elsewhere; triggers bring them up to date at the end of the
 * transaction that changes those, so that no writer can forget it.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

/** Lineages at once while the tables are filled from what is there. */
const BATCH = 200
const ANALYSED_AFTER = [5, 50, 500]

const TABLES = [
  `create table certificate_tag (
    account_id text not null references account,
    certificate_id text not null,
    tag text collate "C" not null check (length(tag) between 1 and 64),
    created_at timestamptz not null,
    primary key (account_id, tag, certificate_id),
    foreign key (account_id, certificate_id) references certificate (account_id, id)
  )`,
  `create index certificate_tag_by_certificate on certificate_tag (certificate_id, tag)`,
  // The phase is what of the status does not depend on the clock. The place is the whole lineage's, so that it stays together.
  `create table certificate_listing (
    certificate_id text primary key,
    account_id text not null references account,
    lineage_id text not null,
    lineage_index int not null,
    phase text not null,
    closed boolean not null,
    origin text not null,
    brand text,
    issuer text,
    not_after timestamptz,
    window_opens_at timestamptz,
    place_not_after timestamptz not null,
    place_name text collate "C" not null,
    foreign key (account_id, certificate_id) references certificate (account_id, id)
  )`,
  `create index certificate_listing_created on certificate_listing (account_id, lineage_id, lineage_index) where not closed`,
  `create index certificate_listing_expiry on certificate_listing (account_id, place_not_after, lineage_id, lineage_index)
    where not closed`,
  `create index certificate_listing_name on certificate_listing (account_id, place_name, lineage_id, lineage_index)
    where not closed`,
  `create index certificate_listing_phase on certificate_listing (account_id, phase, lineage_id, lineage_index)`,
  `create index certificate_listing_brand on certificate_listing (account_id, brand, lineage_id, lineage_index)`,
  `create index certificate_listing_issuer on certificate_listing (account_id, issuer, lineage_id, lineage_index)`,
  `create index certificate_listing_origin on certificate_listing (account_id, origin, lineage_id, lineage_index)`,
  `create index certificate_listing_not_after on certificate_listing (account_id, not_after)`,
  `create index certificate_listing_window on certificate_listing (account_id, window_opens_at)`,
  // In the collation "C" a plain range is a search by prefix, whatever the database's own collation is.
  `create table certificate_token (
    account_id text not null references account,
    kind text not null check (kind in ('name', 'domain')),
    token text collate "C" not null,
    certificate_id text not null,
    primary key (account_id, kind, token, certificate_id),
    foreign key (account_id, certificate_id) references certificate (account_id, id)
  )`,
  `create index certificate_token_by_certificate on certificate_token (certificate_id)`,
  `create index issuance_sha256_prefix on issuance (account_id, sha256 collate "C")`,
  `create index issuance_serial_prefix on issuance (account_id, serial collate "C")`,
  `create table issuer_name (
    account_id text not null references account,
    issuer text not null,
    primary key (account_id, issuer)
  )`,
  // Changes are only added, so that transactions do not wait for each other's counter; the periodic scan sums them up.
  `create table certificate_tally (
    account_id text not null references account,
    phase text not null,
    opens_on date not null,
    expires_on date not null,
    count int not null,
    primary key (account_id, phase, opens_on, expires_on)
  )`,
  `create table certificate_tally_change (
    account_id text not null references account,
    phase text not null,
    opens_on date not null,
    expires_on date not null,
    count int not null
  )`,
  `create index certificate_tally_change_by_account on certificate_tally_change (account_id)`,
]

const FUNCTIONS = [
  // From each beginning of a word to the end. Where words are written without spaces every character may begin one.
  `create function search_words(text) returns setof text language sql immutable rows 10 as $$
    select substr($1, at) from generate_series(1, length($1)) at
    where at = 1
      or (substr($1, at - 1, 1) !~ '[a-z0-9]' and substr($1, at, 1) ~ '[a-z0-9]')
      or substr($1, at, 1) ~ '[^\\x01-\\x7f]'
  $$`,
  // The name itself and its parents, without the last label alone.
  `create function domain_suffixes(text) returns setof text language sql immutable rows 3 as $$
    with label as (select string_to_array($1, '.') as labels)
    select array_to_string(labels[at:], '.') from label, generate_series(1, greatest(1, cardinality(labels) - 1)) at
  $$`,
  `create function certificate_list_facts(wanted_account text, wanted_lineages text[])
    returns table (certificate_id text, account_id text, lineage_id text, lineage_index int, phase text, closed boolean,
      origin text, brand text, issuer text, not_after timestamptz, window_opens_at timestamptz, name_key text, names text[])
    language sql stable rows 10 as $$
    select c.id, c.account_id, c.lineage_id, c.lineage_index,
      case
        when c.closed_as is not null then c.closed_as
        when c.revoked_at is not null then 'revoked'
        when i.id is not null then case when c.revocation_requested_at is null then 'valid' else 'revocationPending' end
        when a.state is null or a.state = 'withdrawn' then 'pendingApplication'
        when a.state = 'issued' then 'inReview'
        else a.state
      end,
      c.closed_as is not null, c.origin, o.brand, i.issuer, i.not_after, i.window_opens_at, lower(c.name),
      coalesce(i.names, a.identifiers, '{}')
    from certificate c
      left join application a on a.id = c.application_id
      left join issuance i on i.id = c.issuance_id and i.account_id = c.account_id
      left join "order" o on o.id = c.order_id and o.account_id = c.account_id
    where c.account_id = wanted_account and c.lineage_id = any(wanted_lineages)
  $$`,
  // Locks first and reads then: what another transaction committed while this one waited is seen. Compiling the statement would take
  // longer than it runs.
  `create function refresh_listing(wanted_account text, wanted_lineages text[]) returns void language plpgsql
    set jit = off as $$
    begin
      perform 1 from certificate_listing where certificate_id in
          (select id from certificate where account_id = wanted_account and lineage_id = any(wanted_lineages))
        order by lineage_id, lineage_index for update;
      with placed as materialized (
        select f.*,
          coalesce(max(f.not_after) filter (where f.phase in ('valid', 'revocationPending')) over lineage,
            max(f.not_after) over lineage, timestamptz '9999-12-31T00:00:00Z') as place_not_after,
          first_value(f.name_key) over (partition by f.lineage_id order by f.closed, f.lineage_index) as place_name
        from certificate_list_facts(wanted_account, wanted_lineages) f
        window lineage as (partition by f.lineage_id)
      ), before as materialized (
        select l.* from certificate_listing l join placed p on p.certificate_id = l.certificate_id
      ), moved as (
        insert into certificate_tally_change (account_id, phase, opens_on, expires_on, count)
        select wanted_account, m.phase, coalesce((m.window_opens_at at time zone 'UTC')::date, '9999-12-31'),
          coalesce((m.not_after at time zone 'UTC')::date, '9999-12-31'), sum(m.change)
        from (select phase, window_opens_at, not_after, 1 as change from placed
          union all select phase, window_opens_at, not_after, -1 from before) m
        group by 1, 2, 3, 4 having sum(m.change) <> 0
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
      insert into certificate_listing as l (certificate_id, account_id, lineage_id, lineage_index, phase, closed, origin, brand,
        issuer, not_after, window_opens_at, place_not_after, place_name)
      select certificate_id, account_id, lineage_id, lineage_index, phase, closed, origin, brand,
        issuer, not_after, window_opens_at, place_not_after, place_name
      from placed p where not exists (select from before b where b.certificate_id = p.certificate_id and
        (b.phase, b.closed, b.brand, b.issuer, b.not_after, b.window_opens_at, b.place_not_after, b.place_name) is not distinct from
        (p.phase, p.closed, p.brand, p.issuer, p.not_after, p.window_opens_at, p.place_not_after, p.place_name))
      on conflict (certificate_id) do update set phase = excluded.phase, closed = excluded.closed, brand = excluded.brand,
        issuer = excluded.issuer, not_after = excluded.not_after, window_opens_at = excluded.window_opens_at,
        place_not_after = excluded.place_not_after, place_name = excluded.place_name;
    end $$`,
]

const TRIGGERS = [
  `create function certificate_is_listed() returns trigger language plpgsql as $$
    begin
      perform refresh_listing(new.account_id, array[new.lineage_id]);
      return null;
    end $$`,
  `create function certificate_of_fact_is_listed() returns trigger language plpgsql as $$
    begin
      perform refresh_listing(c.account_id, array[c.lineage_id]) from certificate c
        where c.id = new.certificate_id and c.account_id = new.account_id and new.id in (c.application_id, c.issuance_id);
      return null;
    end $$`,
  `create constraint trigger certificate_added_to_list after insert on certificate
    deferrable initially deferred for each row execute function certificate_is_listed()`,
  `create constraint trigger certificate_changed_in_list after update on certificate
    deferrable initially deferred for each row
    when ((old.name, old.closed_as, old.revoked_at, old.revocation_requested_at, old.application_id, old.issuance_id)
      is distinct from (new.name, new.closed_as, new.revoked_at, new.revocation_requested_at, new.application_id, new.issuance_id))
    execute function certificate_is_listed()`,
  `create constraint trigger application_added_to_list after insert on application
    deferrable initially deferred for each row execute function certificate_of_fact_is_listed()`,
  `create constraint trigger application_changed_in_list after update on application
    deferrable initially deferred for each row
    when ((old.state, old.identifiers) is distinct from (new.state, new.identifiers))
    execute function certificate_of_fact_is_listed()`,
  `create constraint trigger issuance_added_to_list after insert on issuance
    deferrable initially deferred for each row execute function certificate_of_fact_is_listed()`,
  `create constraint trigger issuance_changed_in_list after update on issuance
    deferrable initially deferred for each row
    when ((old.issuer, old.names, old.not_after, old.window_opens_at)
      is distinct from (new.issuer, new.names, new.not_after, new.window_opens_at))
    execute function certificate_of_fact_is_listed()`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [...TABLES, ...FUNCTIONS]) await sql.raw(statement).execute(db)
  await fillListing(db)
  for (const statement of TRIGGERS) await sql.raw(statement).execute(db)
}

/** Brings the list facts of every certificate up to date. Safe to repeat. */
export async function fillListing(db: Kysely<unknown>): Promise<void> {
  let after = { account_id: '', lineage_id: '' }
  for (let batch = 1; ; batch += 1) {
    const { rows } = await sql<{ account_id: string; lineage_id: string }>`
      select distinct account_id, lineage_id from certificate
      where (account_id, lineage_id) > (${after.account_id}, ${after.lineage_id})
      order by account_id, lineage_id limit ${BATCH}`.execute(db)
    const last = rows.at(-1)
    if (last === undefined) return
    for (const [accountId, ofAccount] of Map.groupBy(rows, (row) => row.account_id)) {
      const lineages = ofAccount.map((row) => row.lineage_id)
      await sql`select refresh_listing(${accountId}, ${lineages}::text[])`.execute(db)
    }
    after = last
    // Plans that were made while the tables were empty read them from end to end.
    if (ANALYSED_AFTER.includes(batch)) await sql`analyze certificate_listing, certificate_token, issuer_name`.execute(db)
  }
}
