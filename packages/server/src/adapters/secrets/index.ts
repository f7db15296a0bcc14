/**
 * Where the master keys of this node are: a file, a setting, a token, or a token beside one of them while one replaces the other.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { AppError } from '../../domain/errors.ts'
import type { MasterKeys } from '../../ports/secrets.ts'
import { openGivenMasterKeys, openMasterKeyFile } from './master-key-file.ts'
import { openTokenMasterKeys, type TokenSettings } from './master-key-pkcs11/master-keys.ts'

export { openTokenMasterKeys, type TokenSettings } from './master-key-pkcs11/master-keys.ts'

export interface MasterKeySettings {
  /** The service's own file; it need not be there. */
  readonly file: string
  /** Keys as text, in place of the file, and the file that they are from. */
  readonly masterKey: string | null
  readonly masterKeyFile: string | null
  readonly token: TokenSettings | null
}

/**
 * A first key is made only where nothing was sealed yet.
 *
 * @throws AppError `misconfigured`, `masterKeyAway`
 */
export async function openMasterKeys(settings: MasterKeySettings, hasSealed: boolean): Promise<MasterKeys> {
  const { file, token } = settings
  const given = openGiven(settings)
  if (token === null) {
    if (given !== null) return given
    if (!existsSync(file) && hasSealed)
      throw new AppError(
        'misconfigured',
        `Reading the master key: the database holds secrets, but ${file} is missing: restore it.`,
      )
    return openMasterKeyFile(file)
  }
  const inFile = existsSync(file) ? openMasterKeyFile(file, { others: true }) : null
  const inToken = await openTokenMasterKeys(token)
  try {
    if (!hasSealed && inToken.list().length === 0) await inToken.add()
  } catch (error) {
    await inToken.close()
    throw error
  }
  const others = given ?? inFile
  return others === null ? inToken : together(inToken, others)
}

function openGiven({ masterKey, masterKeyFile }: MasterKeySettings): MasterKeys | null {
  if (masterKey === null) return null
  if (masterKeyFile === null) return openGivenMasterKeys(() => masterKey, 'EVERCERT_MASTER_KEY')
  return openGivenMasterKeys(() => readFileSync(masterKeyFile, 'utf8'), `EVERCERT_MASTER_KEY_FILE (${masterKeyFile})`)
}

/** New keys are made in the first. */
function together(first: MasterKeys, second: MasterKeys): MasterKeys {
  return {
    kind: first.kind,
    place: `${first.place}; ${second.place}`,
    list: () => [...first.list(), ...second.list()],
    reload: async () => {
      await second.reload()
      await first.reload()
    },
    add: () => first.add(),
    drop: async (id) => {
      await second.drop(id)
      await first.drop(id)
    },
    close: async () => {
      await first.close()
      await second.close()
    },
  }
}
