/**
 * A PKCS#11 module (OASIS PKCS#11 2.40, and 3.x, which keeps these calls): the library that speaks to a token, loaded into this process.
 * Each call runs in a thread beside; what it points to is kept until it is over.
 *
 * @module
 */
import type { default as Koffi, KoffiFunc } from 'koffi'
import { AppError } from '../../../domain/errors.ts'

/** Of a slot, a session or an object. */
export type Handle = bigint

export interface TokenInfo {
  readonly slot: Handle
  readonly label: string
  readonly serial: string
  readonly needsLogin: boolean
}

/** What is known of a key; undefined is what the token does not tell. */
export interface KeyAttributes {
  readonly handle: Handle
  readonly id: Buffer
  readonly isAes256: boolean
  readonly isSensitive: boolean
  readonly isExtractable: boolean
  readonly canEncrypt: boolean
  readonly canDecrypt: boolean
  /** Made in the token, not brought to it. */
  readonly isLocal: boolean
}

/** The calls that master keys need. Not for use by two at a time. @throws TokenError */
export interface Pkcs11Module {
  initialize(): Promise<void>
  finalize(): Promise<void>
  listTokens(): Promise<readonly TokenInfo[]>
  openSession(slot: Handle): Promise<Handle>
  closeSession(session: Handle): Promise<void>
  login(session: Handle, pin: Buffer): Promise<void>
  findKeys(session: Handle, label: string): Promise<readonly KeyAttributes[]>
  generateKey(session: Handle, key: { readonly label: string; readonly id: Buffer }): Promise<void>
  destroyKey(session: Handle, key: Handle): Promise<void>
  /** AES-GCM with a tag of 128 bits after the ciphertext. @returns also the IV, since some tokens insist on their own */
  encrypt(session: Handle, key: Handle, plain: Buffer, iv: Buffer): Promise<{ readonly iv: Buffer; readonly sealed: Buffer }>
  decrypt(session: Handle, key: Handle, sealed: Buffer, iv: Buffer): Promise<Buffer>
  /** Ends this process without waiting for a call that does not come back. */
  leave(code: number): void
}

/** A call that the module answered with something else than CKR_OK. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly result: number

  constructor(call: string, result: number) {
    super(`${call}: ${RESULTS[result] ?? 'CKR'} (0x${result.toString(16)})`)
    this.result = result
  }
}

const CKR = {
  ok: 0,
  attributeSensitive: 0x11,
  attributeTypeInvalid: 0x12,
  alreadyLoggedIn: 0x100,
  bufferTooSmall: 0x150,
  alreadyInitialized: 0x191,
} as const

const RESULTS: Readonly<Record<number, string>> = {
  0x3: 'CKR_SLOT_ID_INVALID',
  0x5: 'CKR_GENERAL_ERROR',
  0x6: 'CKR_FUNCTION_FAILED',
  0x30: 'CKR_DEVICE_ERROR',
  0x32: 'CKR_DEVICE_REMOVED',
  0x40: 'CKR_ENCRYPTED_DATA_INVALID',
  0x60: 'CKR_KEY_HANDLE_INVALID',
  0x70: 'CKR_MECHANISM_INVALID',
  0x82: 'CKR_OBJECT_HANDLE_INVALID',
  0xa0: 'CKR_PIN_INCORRECT',
  0xa1: 'CKR_PIN_INVALID',
  0xa2: 'CKR_PIN_LEN_RANGE',
  0xa3: 'CKR_PIN_EXPIRED',
  0xa4: 'CKR_PIN_LOCKED',
  0xb3: 'CKR_SESSION_HANDLE_INVALID',
  0xe0: 'CKR_TOKEN_NOT_PRESENT',
  0xe1: 'CKR_TOKEN_NOT_RECOGNIZED',
  0xe2: 'CKR_TOKEN_WRITE_PROTECTED',
  0x101: 'CKR_USER_NOT_LOGGED_IN',
  0x102: 'CKR_USER_PIN_NOT_INITIALIZED',
  0x190: 'CKR_CRYPTOKI_NOT_INITIALIZED',
}

/** Places in CK_FUNCTION_LIST, which are the same in every version since 2.0, and the arguments: u is a CK_ULONG, p a pointer, b a CK_BBOOL. */
const CALLS = {
  C_Initialize: [0, 'p'],
  C_Finalize: [1, 'p'],
  C_GetSlotList: [4, 'bpp'],
  C_GetTokenInfo: [6, 'up'],
  C_OpenSession: [12, 'uuppp'],
  C_CloseSession: [13, 'u'],
  C_Login: [18, 'uupu'],
  C_DestroyObject: [22, 'uu'],
  C_GetAttributeValue: [24, 'uupu'],
  C_FindObjectsInit: [26, 'upu'],
  C_FindObjects: [27, 'upup'],
  C_FindObjectsFinal: [28, 'u'],
  C_EncryptInit: [29, 'upu'],
  C_Encrypt: [30, 'upupp'],
  C_DecryptInit: [33, 'upu'],
  C_Decrypt: [34, 'upupp'],
  C_GenerateKey: [58, 'uppup'],
} as const satisfies Record<string, readonly [number, string]>
type CallName = keyof typeof CALLS
type Argument = bigint | Buffer | null

const ARGUMENT_TYPES: Readonly<Record<string, string>> = { u: 'unsigned long', p: 'void *', b: 'uint8_t' }

const CKA = {
  class: 0x0,
  token: 0x1,
  private: 0x2,
  label: 0x3,
  keyType: 0x100,
  id: 0x102,
  sensitive: 0x103,
  encrypt: 0x104,
  decrypt: 0x105,
  wrap: 0x106,
  unwrap: 0x107,
  valueLength: 0x161,
  extractable: 0x162,
  local: 0x163,
} as const
const CKO_SECRET_KEY = 4n
const CKK_AES = 0x1fn
const CKM_AES_KEY_GEN = 0x1080n
const CKM_AES_GCM = 0x1087n
const CKU_USER = 1n
const CKF_OS_LOCKING_OK = 2n
const CKF_LOGIN_REQUIRED = 4n
/** CKF_SERIAL_SESSION and CKF_RW_SESSION. */
const SESSION_FLAGS = 6n
/** What a length is when there is no value: CK_UNAVAILABLE_INFORMATION. */
const UNAVAILABLE = 0xffff_ffff_ffff_ffffn

const WORD = 8
const AES_256_BYTES = 32n
const TAG_BITS = 128n
const MAX_ID_BYTES = 256
const MAX_FOUND = 64
const MAX_SLOTS = 64
const TOKEN_INFO_BYTES = 256

/** Words of 64 bits, lowest byte first, and the alignment of Unix: elsewhere the structures look otherwise. */
function isSupported(): boolean {
  return ['linux', 'darwin'].includes(process.platform) && ['x64', 'arm64'].includes(process.arch)
}

/** @throws AppError `misconfigured` */
export async function loadModule(path: string): Promise<Pkcs11Module> {
  if (!isSupported()) {
    throw new AppError(
      'misconfigured',
      `Loading the PKCS#11 module: ${process.platform} on ${process.arch} is not supported: use Linux or macOS on x64 or arm64, or a master key in a file.`,
    )
  }
  let koffi: typeof Koffi
  try {
    koffi = (await import('koffi')).default
  } catch (cause) {
    throw new AppError(
      'misconfigured',
      'Loading the PKCS#11 module: koffi, which calls it, is not installed for this system: install with optional packages.',
      { cause },
    )
  }
  let invoke: ReturnType<typeof bindCalls>
  try {
    invoke = bindCalls(koffi, path)
  } catch (cause) {
    throw new AppError(
      'misconfigured',
      `Loading the PKCS#11 module: ${path} is no library of it for this system: correct EVERCERT_MASTER_KEY_PKCS11_MODULE.`,
      { cause },
    )
  }
  const leave = koffi.load(null).func('void _exit(int status)')
  return { ...createModule(invoke, new Memory(koffi)), leave: (code) => void leave(code) }
}

type Invoke = (name: CallName, args: readonly Argument[], held?: readonly Buffer[]) => Promise<number>

function bindCalls(koffi: typeof Koffi, path: string): Invoke {
  const list = Buffer.alloc(WORD)
  const library = koffi.load(path)
  const result: unknown = library.func('unsigned long C_GetFunctionList(void *list)')(list)
  if (Number(result) !== CKR.ok) throw new TokenError('C_GetFunctionList', Number(result))
  const table: unknown = koffi.decode(list, 'void *')
  const functions = new Map(
    Object.entries(CALLS).map(([name, [place, types]]) => {
      const proto = koffi.proto(
        'unsigned long',
        types.split('').map((type) => ARGUMENT_TYPES[type] ?? ''),
      )
      // The version comes first; the pointers are aligned.
      const pointer: unknown = koffi.decode(table, WORD + WORD * place, 'void *')
      return [name, koffi.decode(pointer, proto) as KoffiFunc<(...args: unknown[]) => unknown>]
    }),
  )
  const inUse = new Set<object>([library]) // which would be unloaded otherwise
  return (name, args, held = []) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const kept = { args, held }
    inUse.add(kept)
    functions.get(name)?.async(...args, (error: unknown, value: unknown) => {
      inUse.delete(kept)
      if (error === null || error === undefined) resolve(Number(value))
      else reject(new Error(`${name} could not be called`, { cause: error }))
    })
    return promise
  }
}

/** Structures of C, as bytes. */
class Memory {
  readonly #koffi: typeof Koffi

  constructor(koffi: typeof Koffi) {
    this.#koffi = koffi
  }

  words(...values: readonly (bigint | Buffer | null)[]): Buffer {
    const buffer = Buffer.alloc(WORD * values.length)
    values.forEach((value, index) =>
      buffer.writeBigUInt64LE(typeof value === 'bigint' ? value : this.#address(value), WORD * index),
    )
    return buffer
  }

  /** CK_ATTRIBUTE[]: type, where the value is, and how long. */
  template(attributes: readonly (readonly [type: number, value: Buffer])[]): Buffer {
    return this.words(...attributes.flatMap(([type, value]) => [BigInt(type), value, BigInt(value.length)]))
  }

  /** CK_MECHANISM of AES-GCM with its CK_GCM_PARAMS. @returns the mechanism, and what has to be held */
  gcm(iv: Buffer): { readonly mechanism: Buffer; readonly held: readonly Buffer[] } {
    const length = BigInt(iv.length)
    const parameters = this.words(iv, length, length * 8n, null, 0n, TAG_BITS)
    return { mechanism: this.words(CKM_AES_GCM, parameters, BigInt(parameters.length)), held: [iv, parameters] }
  }

  #address(buffer: Buffer | null): bigint {
    return buffer === null ? 0n : BigInt(this.#koffi.address(buffer))
  }
}

function createModule(invoke: Invoke, memory: Memory): Omit<Pkcs11Module, 'leave'> {
  const call = async (
    name: CallName,
    args: readonly Argument[],
    { held, fine = [] }: { readonly held?: readonly Buffer[]; readonly fine?: readonly number[] } = {},
  ): Promise<void> => {
    const result = await invoke(name, args, held)
    if (result !== CKR.ok && !fine.includes(result)) throw new TokenError(name, result)
  }
  return {
    initialize: () => {
      const args = memory.words(null, null, null, null, CKF_OS_LOCKING_OK, null)
      return call('C_Initialize', [args], { fine: [CKR.alreadyInitialized] })
    },
    finalize: () => call('C_Finalize', [null]),
    listTokens: () => listTokens(call),
    openSession: async (slot) => {
      const session = Buffer.alloc(WORD)
      await call('C_OpenSession', [slot, SESSION_FLAGS, null, null, session])
      return session.readBigUInt64LE()
    },
    closeSession: (session) => call('C_CloseSession', [session]),
    login: (session, pin) => call('C_Login', [session, CKU_USER, pin, BigInt(pin.length)], { fine: [CKR.alreadyLoggedIn] }),
    findKeys: (session, label) => findKeys(call, memory, session, label),
    generateKey: (session, key) => generateKey(call, memory, session, key),
    destroyKey: (session, key) => call('C_DestroyObject', [session, key]),
    encrypt: async (session, key, plain, iv) => {
      const { mechanism, held } = memory.gcm(iv)
      await call('C_EncryptInit', [session, mechanism, key], { held })
      const sealed = await transform(call, 'C_Encrypt', [session, plain], held)
      return { iv, sealed }
    },
    decrypt: async (session, key, sealed, iv) => {
      const { mechanism, held } = memory.gcm(iv)
      await call('C_DecryptInit', [session, mechanism, key], { held })
      return transform(call, 'C_Decrypt', [session, sealed], held)
    },
  }
}

type Call = (
  name: CallName,
  args: readonly Argument[],
  options?: { readonly held?: readonly Buffer[]; readonly fine?: readonly number[] },
) => Promise<void>

async function transform(
  call: Call,
  name: 'C_Encrypt' | 'C_Decrypt',
  [session, input]: readonly [Handle, Buffer],
  held: readonly Buffer[],
): Promise<Buffer> {
  const output = Buffer.alloc(input.length + 64)
  const length = wordOf(BigInt(output.length))
  await call(name, [session, input, BigInt(input.length), output, length], { held })
  return output.subarray(0, Number(length.readBigUInt64LE()))
}

async function listTokens(call: Call): Promise<readonly TokenInfo[]> {
  const slots = Buffer.alloc(WORD * MAX_SLOTS)
  const count = wordOf(BigInt(MAX_SLOTS))
  await call('C_GetSlotList', [1n, slots, count])
  const tokens: TokenInfo[] = []
  for (let index = 0; index < Number(count.readBigUInt64LE()); index += 1) {
    const slot = slots.readBigUInt64LE(WORD * index)
    const info = Buffer.alloc(TOKEN_INFO_BYTES)
    try {
      await call('C_GetTokenInfo', [slot, info])
    } catch (error) {
      if (!(error instanceof TokenError)) throw error
      continue // one that is just taken out
    }
    // CK_TOKEN_INFO: label, manufacturer and model come first, of 32, 32 and 16 bytes, filled with blanks.
    const flags = info.readBigUInt64LE(96)
    tokens.push({
      slot,
      label: textOf(info.subarray(0, 32)),
      serial: textOf(info.subarray(80, 96)),
      needsLogin: (flags & CKF_LOGIN_REQUIRED) !== 0n,
    })
  }
  return tokens
}

async function findKeys(call: Call, memory: Memory, session: Handle, label: string): Promise<readonly KeyAttributes[]> {
  const values = [wordOf(CKO_SECRET_KEY), Buffer.from([1]), Buffer.from(label)] as const
  const template = memory.template([
    [CKA.class, values[0]],
    [CKA.token, values[1]],
    [CKA.label, values[2]],
  ])
  const found = Buffer.alloc(WORD * MAX_FOUND)
  const count = Buffer.alloc(WORD)
  await call('C_FindObjectsInit', [session, template, BigInt(values.length)], { held: values })
  try {
    await call('C_FindObjects', [session, found, BigInt(MAX_FOUND), count])
  } finally {
    await call('C_FindObjectsFinal', [session])
  }
  const keys: KeyAttributes[] = []
  for (let index = 0; index < Number(count.readBigUInt64LE()); index += 1)
    keys.push(await readAttributes(call, memory, session, found.readBigUInt64LE(WORD * index)))
  return keys
}

async function readAttributes(call: Call, memory: Memory, session: Handle, handle: Handle): Promise<KeyAttributes> {
  const asked = [
    [CKA.id, Buffer.alloc(MAX_ID_BYTES)],
    [CKA.keyType, Buffer.alloc(WORD)],
    [CKA.valueLength, Buffer.alloc(WORD)],
    ...[CKA.sensitive, CKA.extractable, CKA.encrypt, CKA.decrypt, CKA.local].map((type) => [type, Buffer.alloc(1)] as const),
  ] as const
  const template = memory.template(asked)
  await call('C_GetAttributeValue', [session, handle, template, BigInt(asked.length)], {
    held: asked.map(([, value]) => value),
    fine: [CKR.attributeSensitive, CKR.attributeTypeInvalid, CKR.bufferTooSmall],
  })
  const valueOf = (type: number): Buffer | null => {
    const index = asked.findIndex(([each]) => each === type)
    const length = template.readBigUInt64LE(3 * WORD * index + 2 * WORD)
    return length === UNAVAILABLE ? null : (asked[index]?.[1].subarray(0, Number(length)) ?? null)
  }
  const wordAt = (type: number): bigint | null => {
    const value = valueOf(type)
    return value?.length === WORD ? value.readBigUInt64LE() : null
  }
  const isSet = (type: number): boolean => valueOf(type)?.[0] === 1
  return {
    handle,
    id: Buffer.from(valueOf(CKA.id) ?? []),
    isAes256: wordAt(CKA.keyType) === CKK_AES && wordAt(CKA.valueLength) === AES_256_BYTES,
    isSensitive: isSet(CKA.sensitive),
    isExtractable: valueOf(CKA.extractable)?.[0] !== 0, // what is not said to stay may leave
    canEncrypt: isSet(CKA.encrypt),
    canDecrypt: isSet(CKA.decrypt),
    isLocal: isSet(CKA.local),
  }
}

async function generateKey(
  call: Call,
  memory: Memory,
  session: Handle,
  { label, id }: { readonly label: string; readonly id: Buffer },
): Promise<void> {
  const yes = Buffer.from([1])
  const no = Buffer.from([0])
  const attributes = [
    [CKA.class, wordOf(CKO_SECRET_KEY)],
    [CKA.keyType, wordOf(CKK_AES)],
    [CKA.valueLength, wordOf(AES_256_BYTES)],
    [CKA.label, Buffer.from(label)],
    [CKA.id, id],
    ...[CKA.token, CKA.private, CKA.sensitive, CKA.encrypt, CKA.decrypt].map((type) => [type, yes] as const),
    ...[CKA.extractable, CKA.wrap, CKA.unwrap].map((type) => [type, no] as const),
  ] as const
  const mechanism = memory.words(CKM_AES_KEY_GEN, null, 0n)
  const template = memory.template(attributes)
  const key = Buffer.alloc(WORD)
  const held = attributes.map(([, value]) => value)
  await call('C_GenerateKey', [session, mechanism, template, BigInt(attributes.length), key], { held })
}

function wordOf(value: bigint): Buffer {
  const word = Buffer.alloc(WORD)
  word.writeBigUInt64LE(value)
  return word
}

function textOf(bytes: Buffer): string {
  return bytes.toString('utf8').trimEnd()
}
