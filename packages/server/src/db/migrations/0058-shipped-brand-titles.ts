/**
 * Brands that the service ships had their English titles in Chinese too. What an operator called otherwise stays.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely'

const TITLES = [
  ['Evercert Private CA', 'Evercert 私有 CA'],
  ['Evercert Public Rules CA', 'Evercert 公共规则 CA'],
  ['Evercert Trial', 'Evercert 试用'],
] as const

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const [name, zh] of TITLES)
    await sql`update brand set title_zh = ${zh} where name = ${name} and title_en = ${name} and title_zh = ${name}`.execute(db)
}
