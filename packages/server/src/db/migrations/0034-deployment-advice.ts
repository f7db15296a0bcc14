/**
 * The protocol of a target's own address, and the code of what is wrong with a deployment.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const STATEMENTS = [
  // Null: TLS from the first byte, or no address.
  `alter table target add column probe_protocol text
    check (probe_protocol in ('tls', 'smtp', 'imap', 'pop3', 'ldap', 'ftp', 'postgresql', 'mysql', 'xmpp'))`,
  // Of the contract; its cause and remedy are told in the reader's language. Null: no problem, or one of before.
  `alter table deployment add column problem_code text`,
]

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}
