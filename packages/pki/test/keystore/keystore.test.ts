import { execFileSync } from 'node:child_process'
import { createSecureContext } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { createChain, type TestLeaf } from '../../../../test/harness/certificates.ts'
import {
  createJks,
  createPkcs12,
  loadPrivateKey,
  parseCertificate,
  parseChain,
  type KeystoreContent,
  type Pkcs12Protection,
} from '../../src/index.ts'
import { derivePkcs12Key, KEY_USE } from '../../src/keystore/pkcs12-key.ts'
import { describeWithOpenssl, listWithKeytool, openWithKeytool, openWithOpenssl, type Opened } from './open-keystore.ts'

const PASSWORD = 'k7mq2x9vwy4nr8tz5bhc3jfd6g'
const KEYS = ['p256', 'p384', 'rsa2048'] as const
const PROTECTIONS: readonly Pkcs12Protection[] = ['aes256', 'tripleDes']
/** A key, its leaf and two intermediates. */
const leaves = new Map(
  KEYS.map((key) => [
    key,
    createChain()
      .createIntermediate()
      .issue({ key, names: ['shop.example.com'] }),
  ]),
)

function contentOf(key: (typeof KEYS)[number]): { readonly content: KeystoreContent; readonly expected: Opened; leaf: TestLeaf } {
  const leaf = leaves.get(key)
  if (leaf === undefined) throw new Error(`no leaf with ${key}`)
  const chain = parseChain(leaf.chainPem)
  return {
    leaf,
    content: { key: loadPrivateKey(leaf.privateKeyPem), chain, alias: 'Shop.example.com', password: PASSWORD },
    expected: { spkiSha256: parseCertificate(leaf.pem).spkiSha256, chain: chain.map(({ sha256 }) => sha256) },
  }
}

describe('PKCS#12', () => {
  const each = KEYS.flatMap((key) => PROTECTIONS.map((protection) => [key, protection] as const))

  test.each(each)('%s, %s: OpenSSL and Node open it: this key, this chain in its order', async (key, protection) => {
    const { content, expected } = contentOf(key)
    const pfx = await createPkcs12(content, protection)
    expect(await openWithOpenssl(pfx, PASSWORD)).toEqual(expected)
    expect(() => createSecureContext({ pfx: Buffer.from(pfx), passphrase: PASSWORD })).not.toThrow()
  })

  test.each([
    ['p256', 'aes256'],
    ['rsa2048', 'tripleDes'],
  ] as const)('%s, %s: Java opens it: this key, this chain in its order', async (key, protection) => {
    const { content, expected } = contentOf(key)
    expect(await openWithKeytool(await createPkcs12(content, protection), 'PKCS12', PASSWORD)).toEqual(expected)
  })

  test('says of itself which algorithms it has', async () => {
    const { content } = contentOf('p256')
    const modern = await describeWithOpenssl(await createPkcs12(content, 'aes256'), PASSWORD)
    expect(modern).toMatch(/MAC: sha256, Iteration 10000/)
    expect(modern.match(/PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256/g)).toHaveLength(2)
    const compatible = await describeWithOpenssl(await createPkcs12(content, 'tripleDes'), PASSWORD)
    expect(compatible).toMatch(/MAC: sha1, Iteration 2000/)
    expect(compatible.match(/pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 2000/g)).toHaveLength(2)
  })

  test.each(PROTECTIONS)('%s: opens with no other password, and not when a byte is changed', async (protection) => {
    const pfx = await createPkcs12(contentOf('p256').content, protection)
    await expect(openWithOpenssl(pfx, `${PASSWORD}x`)).rejects.toThrow('invalid password')
    const changed = Buffer.from(pfx)
    const middle = changed.length >> 1
    changed[middle] = (changed[middle] ?? 0) ^ 1
    await expect(openWithOpenssl(changed, PASSWORD)).rejects.toThrow('Mac verify error')
  })

  test.each(PROTECTIONS)('%s: is another file each time, and shows nothing of key and certificates', async (protection) => {
    const { content, leaf } = contentOf('p256')
    const [one, two] = [await createPkcs12(content, protection), await createPkcs12(content, protection)]
    expect(Buffer.from(one).equals(two)).toBe(false)
    const { d = '' } = content.key.keyObject.export({ format: 'jwk' })
    expect(Buffer.from(one).includes(Buffer.from(d, 'base64url'))).toBe(false)
    expect(Buffer.from(one).includes(leaf.der)).toBe(false)
  })
})

describe('the key derivation of PKCS#12', () => {
  const SALT = '00112233445566778899aabbccddeeff'

  /** The same by OpenSSL, which takes the password as it is encoded. */
  function byOpenssl(digest: string, id: number, password: string, sizeBytes: number): string {
    const bmp = Buffer.from(`${password}\0`, 'utf16le').swap16().toString('hex')
    const options = [`digest:${digest}`, `hexpass:${bmp}`, `hexsalt:${SALT}`, 'iter:37', `id:${id}`]
    const args = ['kdf', '-keylen', String(sizeBytes), ...options.flatMap((option) => ['-kdfopt', option]), 'PKCS12KDF']
    return execFileSync('openssl', args, { encoding: 'utf8' }).trim().replaceAll(':', '').toLowerCase()
  }

  test.each([
    ['sha1', KEY_USE.key, 'a', 24],
    ['sha1', KEY_USE.iv, PASSWORD, 8],
    ['sha1', KEY_USE.mac, PASSWORD.repeat(3), 20],
    ['sha1', KEY_USE.key, PASSWORD.repeat(3), 200],
    ['sha256', KEY_USE.mac, PASSWORD, 32],
    ['sha256', KEY_USE.key, 'z'.repeat(31), 100],
  ] as const)('%s, use %i, password %s, %i bytes: as OpenSSL derives it', (hash, use, password, sizeBytes) => {
    const key = derivePkcs12Key({ hash, use, password, salt: Buffer.from(SALT, 'hex'), iterations: 37, sizeBytes })
    expect(Buffer.from(key).toString('hex')).toBe(byOpenssl(hash, use, password, sizeBytes))
  })
})

describe('JKS', () => {
  const CREATED_AT = Date.parse('2026-11-24T12:00:00Z')

  test.each(['p256', 'rsa2048'] as const)('%s: Java opens it: this key, this chain in its order', async (key) => {
    const { content, expected } = contentOf(key)
    expect(await openWithKeytool(createJks(content, CREATED_AT), 'JKS', PASSWORD)).toEqual(expected)
  })

  test('has one entry of a key, with its name and date', async () => {
    const list = await listWithKeytool(createJks(contentOf('p256').content, CREATED_AT), 'JKS', PASSWORD)
    expect(list).toContain('Keystore type: JKS')
    expect(list).toContain('Your keystore contains 1 entry')
    expect(list).toContain('Alias name: shop.example.com')
    expect(list).toContain('Entry type: PrivateKeyEntry')
    expect(list).toContain('Nov 24, 2026')
  })

  test('opens with no other password, and not when a byte is changed', async () => {
    const jks = createJks(contentOf('p256').content, CREATED_AT)
    await expect(listWithKeytool(jks, 'JKS', `${PASSWORD}x`)).rejects.toMatchObject({
      stdout: expect.stringContaining('password was incorrect') as string,
    })
    const changed = Buffer.from(jks)
    const middle = changed.length >> 1
    changed[middle] = (changed[middle] ?? 0) ^ 1
    await expect(listWithKeytool(changed, 'JKS', PASSWORD)).rejects.toThrow('Command failed')
  })

  test('is another file each time, and shows nothing of the key', () => {
    const { content } = contentOf('p256')
    const [one, two] = [createJks(content, CREATED_AT), createJks(content, CREATED_AT)]
    expect(Buffer.from(one).equals(two)).toBe(false)
    const { d = '' } = content.key.keyObject.export({ format: 'jwk' })
    expect(Buffer.from(one).includes(Buffer.from(d, 'base64url'))).toBe(false)
  })
})
