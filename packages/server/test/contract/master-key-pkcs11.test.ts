import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { chmodSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import koffi from 'koffi'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createSoftHsm, SOFTHSM_MODULE, TOKEN_LABEL, TOKEN_PIN, type SoftHsm } from '../../../../test/harness/softhsm.ts'
import { openTokenMasterKeys, type TokenSettings } from '../../src/adapters/secrets/index.ts'
import { loadModule } from '../../src/adapters/secrets/master-key-pkcs11/module.ts'
import { loadConfig } from '../../src/config/config.ts'
import type { MasterKey, MasterKeys } from '../../src/ports/secrets.ts'
import { masterKeysContract } from './master-keys-contract.ts'

const settingsOf = (hsm: SoftHsm, more: Partial<TokenSettings> = {}): TokenSettings => ({
  modulePath: hsm.modulePath,
  token: TOKEN_LABEL,
  keyLabel: 'evercert',
  pinFile: hsm.pinFile,
  ...more,
})

/** SoftHSM is Debian's softhsm2; where it is not, there is nothing to test with. */
describe.skipIf(SOFTHSM_MODULE === null)('a PKCS#11 token, by SoftHSM', () => {
  let hsm: SoftHsm
  beforeAll(async () => {
    hsm = await createSoftHsm()
  })
  afterAll(() => hsm.remove())

  const open = async (more: Partial<TokenSettings> = {}): Promise<MasterKeys> => {
    const keys = await openTokenMasterKeys(settingsOf(hsm, more))
    onTestFinished(() => keys.close())
    return keys
  }
  const withKey = async (more: Partial<TokenSettings> = {}): Promise<{ keys: MasterKeys; key: MasterKey }> => {
    const keys = await open(more)
    const key = keys.list()[0] ?? (await keys.add())
    return { keys, key }
  }

  masterKeysContract('token', async () => {
    const settings = settingsOf(hsm, { keyLabel: 'contract' })
    const made = await openTokenMasterKeys(settings)
    await made.add()
    await made.close()
    return {
      open: () => openTokenMasterKeys(settings),
      bring: () => hsm.importKey({ label: 'contract', idHex: randomBytes(8).toString('hex') }),
      close: async () => {},
    }
  })

  test('the key never leaves the token: neither this process nor its tools can read it', async () => {
    await withKey()
    const calls = await loadModule(hsm.modulePath)
    const [token] = (await calls.listTokens()).filter(({ label }) => label === TOKEN_LABEL)
    const session = await calls.openSession(token?.slot ?? 0n)
    const [found] = await calls.findKeys(session, 'evercert')
    expect(found).toMatchObject({ isAes256: true, isSensitive: true, isExtractable: false, isLocal: true })
    // C_GetAttributeValue of CKA_VALUE, past the adapter.
    const read = koffi
      .load(hsm.modulePath)
      .func('unsigned long C_GetAttributeValue(unsigned long, unsigned long, void *, unsigned long)')
    const value = Buffer.alloc(64)
    const template = Buffer.alloc(24)
    template.writeBigUInt64LE(0x11n)
    template.writeBigUInt64LE(BigInt(koffi.address(value)), 8)
    template.writeBigUInt64LE(64n, 16)
    expect(Number(read(session, found?.handle, template, 1))).toBe(0x11) // CKR_ATTRIBUTE_SENSITIVE
    expect(value.every((byte) => byte === 0)).toBe(true)
    await calls.closeSession(session)
  })

  test.each([
    ['extractable', [0x162, 1], 'can be taken out of the token'],
    ['readable', [0x103, 0], 'can be read out of the token'],
    ['short', [0x161, 16], 'is no AES key of 256 bits'],
  ] as const)('a key that is %s is refused, saying so', async (name, [type, value], says) => {
    await withKey()
    const calls = await loadModule(hsm.modulePath)
    const [token] = (await calls.listTokens()).filter(({ label }) => label === TOKEN_LABEL)
    const session = await calls.openSession(token?.slot ?? 0n)
    generateLoose(hsm.modulePath, session, name, [type, value])
    await calls.closeSession(session)
    await expect(openTokenMasterKeys(settingsOf(hsm, { keyLabel: name }))).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringContaining(says) as string,
    })
  })

  test('a wrong PIN is refused once, never said, and not tried again; the right one works without a restart', async () => {
    const pinFile = `${hsm.pinFile}.wrong`
    const wrong = '111222'
    writeFileSync(pinFile, wrong, { mode: 0o600 })
    const error: unknown = await openTokenMasterKeys(settingsOf(hsm, { pinFile })).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'misconfigured', message: expect.stringContaining(pinFile) as string })
    for (let each = error; each instanceof Error; each = each.cause) {
      expect(`${each.message} ${each.stack}`).not.toContain(wrong)
      expect(JSON.stringify(each)).not.toContain(wrong)
    }
    writeFileSync(pinFile, `${TOKEN_PIN}\r\n`)
    const { key } = await withKey({ pinFile })
    writeFileSync(pinFile, wrong)
    const wrapped = await key.wrap(randomBytes(32))
    hsm.takeAway()
    await expect(key.unwrap(wrapped)).rejects.toMatchObject({ code: 'masterKeyAway' })
    hsm.bringBack()
    // No fault of the secret: it is opened once the file has the right PIN again.
    for (let round = 0; round < 12; round += 1)
      await expect(key.unwrap(wrapped)).rejects.toMatchObject({
        code: 'masterKeyAway',
        message: expect.stringContaining('refused the PIN') as string,
      })
    writeFileSync(pinFile, TOKEN_PIN)
    expect(await key.unwrap(wrapped)).toHaveLength(32)
  })

  test('a PIN that others may read is refused, and so is none', async () => {
    const pinFile = `${hsm.pinFile}.open`
    writeFileSync(pinFile, TOKEN_PIN)
    for (const [mode, says] of [
      [0o640, 'others may read'],
      [0o604, 'others may read'],
    ] as const) {
      chmodSync(pinFile, mode)
      await expect(openTokenMasterKeys(settingsOf(hsm, { pinFile }))).rejects.toMatchObject({
        code: 'misconfigured',
        message: expect.stringContaining(says) as string,
      })
    }
    chmodSync(pinFile, 0o600)
    writeFileSync(pinFile, '\n')
    for (const file of [pinFile, `${hsm.pinFile}.none`])
      await expect(openTokenMasterKeys(settingsOf(hsm, { pinFile: file }))).rejects.toMatchObject({ code: 'misconfigured' })
  })

  test('what is no module, and a token that is not there, are said as such', async () => {
    await expect(openTokenMasterKeys(settingsOf(hsm, { modulePath: '/etc/hosts' }))).rejects.toMatchObject({
      code: 'misconfigured',
      message: expect.stringContaining('EVERCERT_MASTER_KEY_PKCS11_MODULE') as string,
    })
    await expect(openTokenMasterKeys(settingsOf(hsm, { token: 'another' }))).rejects.toMatchObject({
      code: 'masterKeyAway',
      message: expect.stringContaining('no token another') as string,
    })
  })

  test('a token that is taken away is seen when the keys are looked at, and its keys are known all the same', async () => {
    const { keys, key } = await withKey()
    const ids = () => keys.list().map(({ id }) => id)
    const before = ids()
    hsm.takeAway()
    await expect(keys.reload()).rejects.toMatchObject({ code: 'masterKeyAway' })
    await expect(keys.reload()).rejects.toMatchObject({ code: 'masterKeyAway' })
    expect(ids()).toEqual(before)
    hsm.bringBack()
    await keys.reload()
    expect(ids()).toEqual(before)
    expect(before).toContain(key.id)
  })

  test('a token that is taken away is a typed problem, and one that comes back is used again', async () => {
    const { keys, key } = await withKey()
    const wrapped = await key.wrap(randomBytes(32))
    hsm.takeAway()
    for (const refused of [key.wrap(randomBytes(32)), key.unwrap(wrapped), keys.reload(), key.unwrap(wrapped)])
      await expect(refused).rejects.toMatchObject({ code: 'masterKeyAway' })
    expect(keys.list().map(({ id }) => id)).toContain(key.id)
    hsm.bringBack()
    expect(await key.unwrap(wrapped)).toHaveLength(32)
    expect(await key.wrap(randomBytes(32))).toHaveLength(60)
  })

  test('a token that hangs holds up nobody longer than the time given, and goes on when it answers', async () => {
    const { key } = await withKey({ limitMs: 300 })
    const wrapped = await key.wrap(randomBytes(32))
    const held = await hsm.hang()
    const since = performance.now()
    const refused = await Promise.allSettled(Array.from({ length: 20 }, () => key.unwrap(wrapped)))
    const first = performance.now() - since
    for (const each of refused) expect(each).toMatchObject({ status: 'rejected', reason: { code: 'masterKeyAway' } })
    expect(first).toBeGreaterThan(250)
    expect(first).toBeLessThan(2000)
    // One call is out; those who come now do not wait for it, and files are read meanwhile.
    const then = performance.now()
    await expect(key.wrap(randomBytes(32))).rejects.toMatchObject({ code: 'masterKeyAway' })
    await readFile(import.meta.filename)
    expect(performance.now() - then).toBeLessThan(250)
    await held.release()
    await expect
      .poll(
        () =>
          key.unwrap(wrapped).then(
            ({ length }) => length,
            () => 0,
          ),
        { timeout: 5000, interval: 20 },
      )
      .toBe(32)
  })

  test('a process ends while the token hangs', async () => {
    await withKey()
    const script = join(import.meta.dirname, '../support/token-child.ts')
    const child = spawn(process.execPath, [script, JSON.stringify(settingsOf(hsm, { limitMs: 200 }))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    const held = await hsm.hang()
    const ended = once(child, 'exit')
    child.stdin.end()
    expect(await ended).toEqual([7, null])
    await held.release()
  })

  test('two who use one module in a process do not end each other’s sessions', async () => {
    const { key: one } = await withKey()
    const { keys, key: other } = await withKey()
    const wrapped = await one.wrap(randomBytes(32))
    hsm.takeAway()
    await expect(one.unwrap(wrapped)).rejects.toMatchObject({ code: 'masterKeyAway' })
    hsm.bringBack()
    for (const each of [one, other, one, other]) expect(await each.unwrap(wrapped)).toHaveLength(32)
    await keys.close()
    expect(await one.unwrap(wrapped)).toHaveLength(32)
  })
})

test('settings of a token come together, or are refused by name', () => {
  const environment = {
    EVERCERT_MASTER_KEY_PKCS11_MODULE: '/usr/lib/x.so',
    EVERCERT_MASTER_KEY_PKCS11_TOKEN: 'house',
    EVERCERT_MASTER_KEY_PKCS11_PIN_FILE: '/etc/evercert/pin',
  }
  expect(loadConfig(environment).masterKeyToken).toEqual({
    modulePath: '/usr/lib/x.so',
    token: 'house',
    keyLabel: 'evercert',
    pinFile: '/etc/evercert/pin',
  })
  expect(loadConfig({}).masterKeyToken).toBeNull()
  for (const name of Object.keys(environment)) {
    expect(() => loadConfig({ ...environment, [name]: '' })).toThrow(`${name}: missing`)
  }
})

/** A key of the label that the adapter would not make: one attribute is another. */
function generateLoose(modulePath: string, session: bigint, label: string, [other, value]: readonly [number, number]): void {
  const word = (of: number): Buffer => {
    const buffer = Buffer.alloc(8)
    buffer.writeBigUInt64LE(BigInt(of))
    return buffer
  }
  const flags = [0x1, 0x2, 0x103, 0x104, 0x105].map((type) => [type, Buffer.from([1])] as const)
  const attributes = new Map<number, Buffer>([
    [0x0, word(4)],
    [0x100, word(0x1f)],
    [0x161, word(32)],
    [0x3, Buffer.from(label)],
    [0x102, Buffer.from(label)],
    [0x162, Buffer.from([0])],
    ...flags,
  ])
  attributes.set(other, attributes.get(other)?.length === 8 ? word(value) : Buffer.from([value]))
  const template = Buffer.concat(
    [...attributes].map(([type, bytes]) => {
      const entry = Buffer.concat([word(type), Buffer.alloc(8), word(bytes.length)])
      entry.writeBigUInt64LE(BigInt(koffi.address(bytes)), 8)
      return entry
    }),
  )
  const generate = koffi
    .load(modulePath)
    .func('unsigned long C_GenerateKey(unsigned long, void *, void *, unsigned long, void *)')
  const mechanism = Buffer.concat([word(0x1080), word(0), word(0)])
  expect(Number(generate(session, mechanism, template, attributes.size, Buffer.alloc(8)))).toBe(0)
}
