/**
 * A PKCS#11 module (OASIS PKCS#11 2.40, and 3.x, which keeps these calls): what master keys need of it.
 *
 * @module
 */
import { CKR, loadNative, TokenError, WORD, type Argument, type CallName, type Memory, type Native } from './native.ts'

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
const CKU_USER = 1n
const CKF_OS_LOCKING_OK = 2n
const CKF_LOGIN_REQUIRED = 4n
/** CKF_SERIAL_SESSION and CKF_RW_SESSION. */
const SESSION_FLAGS = 6n
/** What a length is when there is no value: CK_UNAVAILABLE_INFORMATION. */
const UNAVAILABLE = 0xffff_ffff_ffff_ffffn

const AES_256_BYTES = 32n
const MAX_ID_BYTES = 256
const MAX_FOUND = 64
const MAX_SLOTS = 64
const TOKEN_INFO_BYTES = 256

/** @throws AppError `misconfigured` */
export async function loadModule(path: string): Promise<Pkcs11Module> {
  const native = await loadNative(path)
  return { ...createModule(native), leave: native.leave }
}

function createModule({ invoke, memory }: Native): Omit<Pkcs11Module, 'leave'> {
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
