/**
 * Master keys in a PKCS#11 token: AES keys of 256 bits that never leave it. It wraps and unwraps the data keys itself, by AES-GCM with an
 * IV of its own for each.
 *
 * @module
 */
import type { MasterKey, MasterKeys } from '../../../ports/secrets.ts'
import { openToken, type Token, type TokenKey, type TokenSettings } from './token.ts'

export type { TokenSettings } from './token.ts'

/**
 * The keys of the label; there may be none yet.
 *
 * @throws AppError `misconfigured` for a wrong PIN, one that others may read, and a key that could leave the token; `masterKeyAway`
 */
export async function openTokenMasterKeys(settings: TokenSettings): Promise<MasterKeys> {
  const token = await openToken(settings)
  const place = `PKCS#11 token ${settings.token}, key ${settings.keyLabel}`
  return {
    kind: 'token',
    place,
    list: () => token.keys().map((key) => masterKeyOf(token, key, place)),
    reload: () => token.reload(),
    add: async () => masterKeyOf(token, await token.generate(), place),
    drop: (id) => token.destroy(id),
    close: () => token.close(),
  }
}

function masterKeyOf(token: Token, { id, isOurs }: TokenKey, place: string): MasterKey {
  return {
    id,
    place,
    isOurs,
    isInToken: true,
    wrap: (dataKey) => token.seal(id, dataKey),
    unwrap: (wrapped) => token.open(id, wrapped),
  }
}
