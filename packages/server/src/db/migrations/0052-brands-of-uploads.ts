/**
 * The list finds uploads by the brand that their certificates tell, as it finds what was bought by the brand that was bought.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'
import { refreshingMany, refreshingOne } from './0011-listing-once.ts'
import { SHAPE as BEFORE } from './0050-taken-out-of-lineages.ts'

/** Of the functions that keep the list. */
export const SHAPE = { ...BEFORE, facts: BEFORE.facts.replace('o.brand,', 'coalesce(o.brand, i.known_brand) as brand,') }

const STATEMENTS = [
  refreshingMany(SHAPE),
  refreshingOne(SHAPE),
  `update certificate_listing l set brand = i.known_brand from certificate c join issuance i on i.id = c.issuance_id
    where c.id = l.certificate_id and l.brand is null and i.known_brand is not null`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
