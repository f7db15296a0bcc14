/**
 * `keys:download` is a new permission. Whoever may operate the installation has all permissions, so tokens of before get it too.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    update access_token set scopes = array_append(scopes, 'keys:download')
    where 'installation:operate' = any(scopes) and not 'keys:download' = any(scopes)`.execute(db)
}
