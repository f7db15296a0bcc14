/**
 * An upload may follow an upload of before, without an order and so without a renewal: the link of the certificate says it. The one that it
 * follows waits for nothing, unless something here is installed or watched for it: then for the proof of the one that follows.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'
import { refreshingMany, refreshingOne } from './0011-listing-once.ts'
import { onChange, WAITING_SHAPE } from './0043-waiting-renewals.ts'

const JOINED = `left join renewal r on r.old_certificate_id = this.id and r.state <> 'cancelled'`

/** Of certificate `u`: it is an upload that follows. */
export const FOLLOWS = `u.origin = 'uploaded' and u.closed_as is null and u.revoked_at is null`

const FACTS = WAITING_SHAPE.facts
  .replace(
    `when r.id is null then 'ordered'`,
    `when r.id is null and u.id is null then 'ordered'
    when r.id is null then case when u.served_at is null and (exists (select from endpoint s where s.certificate_id = this.id)
      or exists (select from target t where t.certificate_id = this.id)) then 'installed' end`,
  )
  .replace(JOINED, `${JOINED} left join certificate u on u.renews_certificate_id = this.id and ${FOLLOWS}`)

export const FOLLOWING_SHAPE = { ...WAITING_SHAPE, facts: FACTS }

const FUNCTIONS = [
  onChange(
    'site_of_followed_is_listed',
    (that) =>
      `select u.renews_certificate_id as id from certificate u where u.renews_certificate_id = ${that}.certificate_id and ${FOLLOWS}`,
  ),
  onChange(
    'proof_of_follower_is_listed',
    (that) => `select u.renews_certificate_id as id from certificate u where u.id = ${that}.id and ${FOLLOWS}`,
  ),
  // Whoever stopped to tell of the old one begins again.
  `create function follower_has_ended() returns trigger language plpgsql as $$
    begin
      update certificate set next_notice_at = 'epoch' where id = new.renews_certificate_id and issuance_id is not null;
      return null;
    end $$`,
]

const sitesOf = (table: 'endpoint' | 'target'): string[] => [
  `create constraint trigger ${table}_of_followed_in_list after insert or delete on ${table}
    deferrable initially deferred for each row execute function site_of_followed_is_listed()`,
  `create constraint trigger ${table}_of_followed_changed_in_list after update on ${table}
    deferrable initially deferred for each row when (old.certificate_id is distinct from new.certificate_id)
    execute function site_of_followed_is_listed()`,
]

const TRIGGERS = [
  ...sitesOf('endpoint'),
  ...sitesOf('target'),
  `create constraint trigger proof_of_follower_in_list after update on certificate deferrable initially deferred for each row
    when ((old.served_at is null) <> (new.served_at is null) and new.lineage_index > 0 and new.origin = 'uploaded')
    execute function proof_of_follower_is_listed()`,
  `create trigger follower_has_ended after update of closed_as, revoked_at on certificate for each row
    when (new.origin = 'uploaded' and new.renews_certificate_id is not null
      and (old.closed_as, old.revoked_at) is distinct from (new.closed_as, new.revoked_at))
    execute function follower_has_ended()`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of [refreshingMany(FOLLOWING_SHAPE), refreshingOne(FOLLOWING_SHAPE), ...FUNCTIONS, ...TRIGGERS])
    await sql.raw(statement).execute(db)
}
