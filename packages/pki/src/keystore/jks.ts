/**
 * Java keystores in the JKS format with one key and its chain: what every Java since 1.2 reads, and what software that is told nothing
 * but "JKS" expects. The format has no standard; it is that of the JDK's `JavaKeyStore` and `KeyProtector`.
 *
 * @module
 */
import { hash, randomBytes } from 'node:crypto'
import { TAG, writeDer, writeOid } from '../der.ts'
import type { KeystoreContent } from './pkcs12.ts'

const MAGIC = 0xfe_ed_fe_ed
const VERSION = 2
const PRIVATE_KEY_ENTRY = 1
const SUN_KEY_PROTECTOR = '1.3.6.1.4.1.42.2.17.1.1'
const NULL = Uint8Array.from([0x05, 0x00])
const SALT_BYTES = 20 // as many as SHA-1 gives

/**
 * The same content gives other bytes each time. The key's password is the keystore's. Its protection is SHA-1 without iterations: it is
 * as good as the password is random, and no better.
 *
 * @param createdAt epoch milliseconds, shown by keytool
 */
export function createJks({ key, chain, alias, password }: KeystoreContent, createdAt: number): Uint8Array {
  const secret = Buffer.from(password, 'utf16le').swap16()
  const sealedKey = sealKey(key.keyObject.export({ type: 'pkcs8', format: 'der' }), secret)
  const content = Buffer.concat([
    uint32(MAGIC),
    uint32(VERSION),
    uint32(1),
    uint32(PRIVATE_KEY_ENTRY),
    text(alias.toLowerCase()), // the JDK looks aliases up in lower case
    uint64(createdAt),
    uint32(sealedKey.length),
    sealedKey,
    uint32(chain.length),
    ...chain.flatMap(({ der }) => [text('X.509'), uint32(der.length), der]),
  ])
  return Buffer.concat([content, sha1(secret, Buffer.from('Mighty Aphrodite', 'utf8'), content)])
}

/** XOR with a stream of SHA-1 over password and the digest before, from a salt on; a digest over password and key at the end. */
function sealKey(pkcs8: Buffer, secret: Buffer): Uint8Array {
  const salt = randomBytes(SALT_BYTES)
  const sealed = Buffer.from(pkcs8)
  let stream: Buffer = salt
  for (let at = 0; at < sealed.length; at++) {
    if (at % SALT_BYTES === 0) stream = sha1(secret, stream)
    sealed[at] = (sealed[at] ?? 0) ^ (stream[at % SALT_BYTES] ?? 0)
  }
  return writeDer(
    TAG.sequence,
    writeDer(TAG.sequence, writeOid(SUN_KEY_PROTECTOR), NULL),
    writeDer(TAG.octetString, salt, sealed, sha1(secret, pkcs8)),
  )
}

function sha1(...parts: readonly Uint8Array[]): Buffer {
  return hash('sha1', Buffer.concat(parts), 'buffer')
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

/** As Java's `DataOutput.writeUTF` has it, which is UTF-8 for what aliases are made of. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  const size = Buffer.alloc(2)
  size.writeUInt16BE(bytes.length)
  return Buffer.concat([size, bytes])
}
