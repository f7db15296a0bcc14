/**
 * Which account a domain name belongs to, as Kysely sees it.
 *
 * @module
 */
import type { GeneratedAlways } from 'kysely'

export interface NameClaimTable {
  /** Without `*.`. One owner: it is the key. */
  name: string
  /** The name right above. */
  parent: GeneratedAlways<string>
  account_id: string
  how: 'proved' | 'assigned'
  /** Whose proof it was; null when assigned. */
  application_id: string | null
  proved_at: Date
}
