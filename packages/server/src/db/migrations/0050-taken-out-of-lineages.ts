/**
 * An upload that ends in the middle of its lineage is taken out of it, and what followed it follows the one before: an upload, or what was bought to
 * renew the one that was taken out. And the list of what is issued, soonest first, passes by what expires soon in the index alone.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'
import { refreshingMany, refreshingOne } from './0011-listing-once.ts'
import { FOLLOWING_SHAPE, FOLLOWS } from './0048-uploads-that-follow.ts'

/** Of the functions that keep the list. */
export const SHAPE = {
  ...FOLLOWING_SHAPE,
  facts: FOLLOWING_SHAPE.facts.replace(FOLLOWS, 'u.closed_as is null and u.revoked_at is null'),
}

const STATEMENTS = [
  refreshingMany(SHAPE),
  refreshingOne(SHAPE),
  `drop trigger follower_has_ended on certificate`,
  `create trigger follower_has_ended after update of closed_as, revoked_at on certificate for each row
    when (new.renews_certificate_id is not null
      and (old.closed_as, old.revoked_at) is distinct from (new.closed_as, new.revoked_at))
    execute function follower_has_ended()`,
  // The beginning of the window is in no order there: it is read where the place is, and the row only of what is shown.
  `drop index certificate_listing_expiry`,
  `create index certificate_listing_expiry on certificate_listing (account_id, place_not_after, lineage_id, lineage_index, window_opens_at)
    where not closed`,
  // Those that ended before. Where something else follows the one before by now, that stays; and of several that could follow it, the newest does:
  // the others stay where they are.
  `do $$ begin
    loop
      with next as (
        select distinct on (gone.renews_certificate_id) c.id, gone.renews_certificate_id as old_id
          from certificate gone join certificate c on c.renews_certificate_id = gone.id
          where gone.origin = 'uploaded' and gone.renews_certificate_id is not null
            and (gone.closed_as is not null or gone.revoked_at is not null) and c.closed_as is null and c.revoked_at is null
            and not exists (select from certificate o where o.renews_certificate_id = gone.renews_certificate_id
              and o.closed_as is null and o.revoked_at is null)
            and not exists (select from renewal r where r.old_certificate_id = gone.renews_certificate_id and r.state <> 'cancelled')
          order by gone.renews_certificate_id, c.id desc)
      update certificate c set renews_certificate_id = next.old_id from next where c.id = next.id;
      exit when not found;
    end loop;
  end $$`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
