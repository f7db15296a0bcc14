/**
 * One token, logged in, with the keys of a label. What fails is tried once more on a fresh connection, so that a token that was taken
 * away and brought back is used again without anybody's doing.
 *
 * @module
 */
import { createHash, randomBytes } from 'node:crypto'
import { AppError } from '../../../domain/errors.ts'
import { loadModule, type Handle, type KeyAttributes, type Pkcs11Module, type TokenInfo } from './module.ts'
import { TokenError } from './native.ts'
import { readPin } from './pin.ts'
import { awayProblem, createTurns, type Patience, type Turns } from './turns.ts'

export interface TokenSettings {
  /** Absolute path of the PKCS#11 library. */
  readonly modulePath: string
  /** Label or serial number. */
  readonly token: string
  /** CKA_LABEL of the keys. */
  readonly keyLabel: string
  readonly pinFile: string
  /** How long a call may take; default 5 s. */
  readonly limitMs?: number
}

export interface TokenKey {
  readonly id: string
  /** The service made it: it may destroy it. */
  readonly isOurs: boolean
}

export interface Token {
  /** As last seen. */
  keys(): readonly TokenKey[]
  /** @throws AppError `masterKeyAway`, `misconfigured` */
  reload(): Promise<void>
  generate(): Promise<TokenKey>
  destroy(id: string): Promise<void>
  seal(id: string, plain: Uint8Array): Promise<Uint8Array>
  open(id: string, sealed: Uint8Array): Promise<Uint8Array>
  close(): Promise<void>
}

const LIMIT_MS = 5000
const IV_BYTES = 12
const TAG_BYTES = 16
/** Begins the CKA_ID of a key that the service made. */
const OUR_MARK = Buffer.from('evercert')
const TOKEN_NOT_PRESENT = 0xe0
const PIN_RESULTS = new Set([0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0x102])

interface LoadedModule {
  readonly calls: Pkcs11Module
  readonly turns: Turns
  isStarted: boolean
  /** How often it was started: sessions of before are gone. */
  starts: number
  users: number
}

/** A module has one state in a process, whoever uses it. */
const loaded = new Map<string, LoadedModule>()

interface Connection {
  readonly session: Handle
  readonly starts: number
}

/** @throws AppError `misconfigured`, `masterKeyAway` */
export async function openToken(settings: TokenSettings): Promise<Token> {
  const module = await useModule(settings.modulePath)
  const token = new OpenToken(settings, module)
  try {
    await token.reload()
    return token
  } catch (error) {
    await token.close()
    throw error
  }
}

async function useModule(path: string): Promise<LoadedModule> {
  const calls = loaded.get(path)?.calls ?? (await loadModule(path))
  const module = loaded.get(path) ?? createLoaded(calls)
  loaded.set(path, module)
  module.users += 1
  return module
}

function createLoaded(calls: Pkcs11Module): LoadedModule {
  const turns = createTurns()
  // Node waits at its end for calls that run, for ever if need be.
  process.once('exit', (code) => (turns.isStuck ? calls.leave(code) : undefined))
  return { calls, turns, isStarted: false, starts: 0, users: 0 }
}

class OpenToken implements Token {
  readonly #settings: TokenSettings
  readonly #module: LoadedModule
  readonly #patience: Patience
  #connection: Connection | null = null
  #wasConnected = false
  #isClosed = false
  #keys: ReadonlyMap<string, KeyAttributes> = new Map()
  /** SHA-256 of a PIN that was refused: a token locks itself after some, so it is not given again. */
  #refusedPin: string | null = null

  constructor(settings: TokenSettings, module: LoadedModule) {
    this.#settings = settings
    this.#module = module
    this.#patience = { limitMs: settings.limitMs ?? LIMIT_MS, retrial: () => this.#reconnect() }
  }

  keys(): readonly TokenKey[] {
    return [...this.#keys].map(([id, key]) => ({ id, isOurs: isOurs(key) }))
  }

  reload(): Promise<void> {
    return this.#inTurn(async () => {
      const before = this.#keys
      let isSure = false
      try {
        await this.#twice(async (session) => {
          await this.#readKeys(session)
          const areThere = [...before.keys()].every((id) => this.#keys.has(id))
          if (areThere || isSure) return
          isSure = true // some modules find nothing when the token is gone, and say that all is well
          throw new TokenError('C_FindObjects', TOKEN_NOT_PRESENT)
        })
      } catch (error) {
        this.#keys = before
        throw error
      }
    })
  }

  async generate(): Promise<TokenKey> {
    const id = Buffer.concat([OUR_MARK, randomBytes(16)])
    const { keyLabel: label } = this.#settings
    await this.#inTurn(async () => {
      // Not twice: what failed may have made a key all the same.
      const { session } = await this.#connected()
      try {
        await this.#module.calls.generateKey(session, { label, id })
      } catch (error) {
        throw refusedToMake(error)
      }
      await this.#readKeys(session)
    })
    return { id: keyIdOf(label, id), isOurs: true }
  }

  destroy(id: string): Promise<void> {
    return this.#inTurn(() =>
      this.#twice(async (session) => {
        await this.#readKeys(session)
        const key = this.#keys.get(id)
        if (key === undefined || !isOurs(key)) return
        await this.#module.calls.destroyKey(session, key.handle)
        await this.#readKeys(session)
      }),
    )
  }

  seal(id: string, plain: Uint8Array): Promise<Uint8Array> {
    return this.#inTurn(() => this.#twice((session) => this.#encrypt(session, id, Buffer.from(plain))))
  }

  open(id: string, sealed: Uint8Array): Promise<Uint8Array> {
    return this.#inTurn(() =>
      this.#twice(async (session) => {
        try {
          return await this.#decrypt(session, id, sealed)
        } catch (error) {
          // Of what was altered tokens say the same as when they are out of order. So a trial tells.
          if (error instanceof TokenError && (await this.#works(session, id))) throw alteredProblem(error)
          throw error
        }
      }),
    )
  }

  async close(): Promise<void> {
    const module = this.#module
    module.users -= 1
    if (module.turns.isStuck) return // the process ends without it
    const end = this.#inTurn(async () => {
      if (this.#connection?.starts === module.starts) await module.calls.closeSession(this.#connection.session)
      if (module.users > 0) return
      module.isStarted = false
      await module.calls.finalize()
    })
    this.#isClosed = true // whoever comes later does not open it again
    await end.catch(() => {}) // it is gone already
  }

  #inTurn<Value>(task: () => Promise<Value>): Promise<Value> {
    if (this.#isClosed) return Promise.reject(awayProblem('the service ends'))
    return this.#module.turns.run(this.#patience, task)
  }

  /** Once more on a fresh connection when it fails. */
  async #twice<Value>(work: (session: Handle) => Promise<Value>): Promise<Value> {
    try {
      return await work((await this.#connected()).session)
    } catch (error) {
      if (!(error instanceof TokenError)) throw error
    }
    await this.#reconnect()
    try {
      return await work((await this.#connected()).session)
    } catch (error) {
      if (error instanceof TokenError) throw awayProblem(error.message, error)
      throw error
    }
  }

  async #connected(): Promise<Connection> {
    const current = this.#connection
    if (current !== null && this.#module.isStarted && current.starts === this.#module.starts) return current
    try {
      return await this.#connect()
    } catch (error) {
      // What was right when the service started is no fault of a secret, or of its settings: it may be right again.
      if (error instanceof TokenError || (this.#wasConnected && isMisconfigured(error))) throw awayProblem(error.message, error)
      throw error
    }
  }

  /** From the beginning: some modules see a token that came back only then. */
  async #reconnect(): Promise<void> {
    const module = this.#module
    const wasStartedSince = this.#connection !== null && this.#connection.starts !== module.starts
    this.#connection = null
    if (module.isStarted && !wasStartedSince) {
      module.isStarted = false
      await module.calls.finalize().catch(() => {}) // it may have lost its own state
    }
    await this.#connected()
  }

  async #connect(): Promise<Connection> {
    const module = this.#module
    const { calls } = module
    if (!module.isStarted) {
      await calls.initialize()
      module.isStarted = true
      module.starts += 1
    }
    const found = this.#choose(await calls.listTokens())
    const session = await calls.openSession(found.slot)
    try {
      if (found.needsLogin) await this.#login(session)
      await this.#readKeys(session)
    } catch (error) {
      await calls.closeSession(session).catch(() => {})
      throw error
    }
    this.#connection = { session, starts: module.starts }
    this.#wasConnected = true
    return this.#connection
  }

  #choose(tokens: readonly TokenInfo[]): TokenInfo {
    const { token } = this.#settings
    const matching = tokens.filter(({ label, serial }) => label === token || serial === token)
    const [found] = matching
    if (found === undefined) throw awayProblem(`there is no token ${token}`)
    if (matching.length === 1) return found
    throw new AppError(
      'misconfigured',
      `Looking for the token of the master key: ${matching.length} have the label ${token}: give the serial number in EVERCERT_MASTER_KEY_PKCS11_TOKEN.`,
    )
  }

  async #login(session: Handle): Promise<void> {
    const { pinFile } = this.#settings
    const pin = readPin(pinFile)
    const digest = createHash('sha256').update(pin).digest('hex')
    try {
      if (digest === this.#refusedPin) throw refusedPin(pinFile)
      await this.#module.calls.login(session, pin)
      this.#refusedPin = null
    } catch (error) {
      if (!(error instanceof TokenError) || !PIN_RESULTS.has(error.result)) throw error
      this.#refusedPin = digest
      throw refusedPin(pinFile, error)
    } finally {
      pin.fill(0)
    }
  }

  async #readKeys(session: Handle): Promise<void> {
    const { keyLabel, token } = this.#settings
    const keys = new Map<string, KeyAttributes>()
    for (const key of await this.#module.calls.findKeys(session, keyLabel)) {
      const id = keyIdOf(keyLabel, key.id)
      const fault = faultOf(key) ?? (keys.has(id) ? 'has the CKA_ID of another' : null)
      if (fault !== null) {
        throw new AppError(
          'misconfigured',
          `Reading the master key: the key ${keyLabel} (CKA_ID ${key.id.toString('hex')}) of token ${token} ${fault}: give it another label, and let the service make one, or make one as docs/runbooks/rotate-master-key.md says.`,
        )
      }
      keys.set(id, key)
    }
    this.#keys = new Map([...keys].sort(([one], [other]) => (one < other ? -1 : 1)))
  }

  async #encrypt(session: Handle, id: string, plain: Buffer): Promise<Buffer> {
    const key = await this.#handleOf(session, id)
    const { iv, sealed } = await this.#module.calls.encrypt(session, key, plain, randomBytes(IV_BYTES))
    return Buffer.concat([iv, sealed])
  }

  async #decrypt(session: Handle, id: string, sealed: Uint8Array): Promise<Buffer> {
    if (sealed.length <= IV_BYTES + TAG_BYTES) throw alteredProblem()
    const iv = Buffer.from(sealed.subarray(0, IV_BYTES))
    const key = await this.#handleOf(session, id)
    return this.#module.calls.decrypt(session, key, Buffer.from(sealed.subarray(IV_BYTES)), iv)
  }

  async #works(session: Handle, id: string): Promise<boolean> {
    try {
      const plain = randomBytes(32)
      return (await this.#decrypt(session, id, await this.#encrypt(session, id, plain))).equals(plain)
    } catch {
      return false
    }
  }

  async #handleOf(session: Handle, id: string): Promise<Handle> {
    if (!this.#keys.has(id)) await this.#readKeys(session)
    const key = this.#keys.get(id)
    if (key !== undefined) return key.handle
    const { keyLabel, token } = this.#settings
    throw awayProblem(`token ${token} has the key ${keyLabel} (${id}) no more`)
  }
}

/** Of the label and CKA_ID alone: a copy of the token, or another of the same cluster, has the same keys. */
function keyIdOf(label: string, id: Buffer): string {
  const hash = createHash('sha256')
    .update('evercert token key id')
    .update(JSON.stringify([label, id.toString('hex')]))
  return `p11-${hash.digest('hex').slice(0, 16)}`
}

function isOurs({ id, isLocal }: KeyAttributes): boolean {
  return isLocal && id.subarray(0, OUR_MARK.length).equals(OUR_MARK)
}

function faultOf(key: KeyAttributes): string | null {
  if (!key.isAes256) return 'is no AES key of 256 bits'
  if (!key.isSensitive) return 'can be read out of the token (CKA_SENSITIVE is not set)'
  if (key.isExtractable) return 'can be taken out of the token (CKA_EXTRACTABLE is set)'
  if (!key.canEncrypt || !key.canDecrypt) return 'may not encrypt and decrypt'
  return key.id.length === 0 ? 'has no CKA_ID' : null
}

function alteredProblem(cause?: unknown): AppError {
  return new AppError(
    'misconfigured',
    'Opening a secret: it belongs to another master key, or was altered: start with the key that made it.',
    { cause },
  )
}

function refusedPin(file: string, cause?: unknown): AppError {
  return new AppError(
    'misconfigured',
    `Logging in to the token of the master key: it refused the PIN in ${file}, which is not tried again: put the right one there. A token locks itself after some wrong ones.`,
    { cause },
  )
}

function isMisconfigured(error: unknown): error is AppError {
  return error instanceof AppError && error.code === 'misconfigured'
}

function refusedToMake(error: unknown): unknown {
  if (!(error instanceof TokenError)) return error
  return new AppError('masterKeyNotReady', `Making a master key in the token: ${error.message}: make one by its own tools.`, {
    cause: error,
  })
}
