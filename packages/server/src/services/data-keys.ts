/**
 * Data keys, each for one record. Where the master key is in a token they are wrapped ahead: a token may be slow or hang, and whoever stores a
 * secret holds a transaction open, with the locks on its rows.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import type { MasterKey } from '../ports/secrets.ts'
import type { Keyring } from './keyring.ts'

export interface DataKey {
  readonly masterKeyId: string
  readonly plain: Uint8Array
  readonly wrapped: Uint8Array
}

export interface DataKeys {
  /** One that nobody had. Asks the token only when none is left. @throws AppError `masterKeyAway` */
  take(): Promise<DataKey>
  /** So many are ready afterwards. Before a transaction that stores many. @throws AppError `masterKeyAway` */
  prepare(count: number): Promise<void>
}

const DATA_KEY_BYTES = 32
/** More than one transaction stores, but for uploads, which say so before. */
const AHEAD = 32

export function createDataKeys(keyring: Pick<Keyring, 'sealing'>): DataKeys {
  let ready: DataKey[] = []
  let filling: Promise<void> | null = null

  const make = async (masterKey: MasterKey): Promise<DataKey> => {
    const plain = randomBytes(DATA_KEY_BYTES)
    return { masterKeyId: masterKey.id, plain, wrapped: await masterKey.wrap(plain) }
  }
  /** After a rotation those of before are of no use. */
  const usable = (): DataKey[] => (ready = ready.filter(({ masterKeyId }) => masterKeyId === keyring.sealing.id))
  let turn: Promise<unknown> = Promise.resolve()
  /** One after the other, whoever wants them: what opens secrets meanwhile waits for one at most. */
  const fill = (count: number): Promise<void> => {
    const filled = turn.then(async () => {
      while (keyring.sealing.isInToken && usable().length < count) {
        const made = await make(keyring.sealing)
        ready.push(made)
      }
    })
    turn = filled.catch(() => {})
    return filled
  }
  const fillBehind = (): void => {
    filling ??= fill(AHEAD)
      .catch(() => {}) // away: whoever takes the next has it tried again
      .finally(() => {
        filling = null
      })
  }

  fillBehind()
  return {
    take: async () => {
      if (!keyring.sealing.isInToken) return make(keyring.sealing)
      const next = usable().shift()
      fillBehind()
      return next ?? make(keyring.sealing)
    },
    prepare: fill,
  }
}
