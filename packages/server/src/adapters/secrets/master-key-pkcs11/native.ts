/**
 * The library of a PKCS#11 token, loaded into this process: its functions, called in a thread beside, and structures of C as bytes. What a call
 * points to is kept until it is over.
 *
 * @module
 */
import type { default as Koffi, KoffiFunc } from 'koffi'
import { AppError } from '../../../domain/errors.ts'

/** A call that the module answered with something else than CKR_OK. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly result: number

  constructor(call: string, result: number) {
    super(`${call}: ${RESULTS[result] ?? 'CKR'} (0x${result.toString(16)})`)
    this.result = result
  }
}

export const CKR = {
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
export type CallName = keyof typeof CALLS
export type Argument = bigint | Buffer | null

const ARGUMENT_TYPES: Readonly<Record<string, string>> = { u: 'unsigned long', p: 'void *', b: 'uint8_t' }

const CKM_AES_GCM = 0x1087n
const TAG_BITS = 128n

export const WORD = 8

/** Words of 64 bits, lowest byte first, and the alignment of Unix: elsewhere the structures look otherwise. */
function isSupported(): boolean {
  return ['linux', 'darwin'].includes(process.platform) && ['x64', 'arm64'].includes(process.arch)
}

export interface Native {
  readonly invoke: Invoke
  readonly memory: Memory
  /** Ends this process without waiting for a call that does not come back. */
  readonly leave: (code: number) => void
}

/** @throws AppError `misconfigured` */
export async function loadNative(path: string): Promise<Native> {
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
  return { invoke, memory: new Memory(koffi), leave: (code) => void leave(code) }
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
export class Memory {
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
