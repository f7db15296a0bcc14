/**
 * Orders that are placed anew after a failed validation, orders at a CA that two applications would share, and refused chains.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  `alter table application add column orders_placed int not null default 0`,
  `update application set orders_placed = 1 where ca_order_ref is not null and state in ('pendingValidation', 'inReview')`,
  `alter table application add column refused_chain_pem text`,
  `create unique index application_ca_order on application (issuer_id, ca_order_ref) where ca_order_ref is not null and state in ('pendingValidation', 'inReview')`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
