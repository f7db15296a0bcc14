import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createChain, createRoot, createSelfSigned, type TestLeaf } from '../../../../test/harness/certificates.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import { authenticate } from '../../src/services/access/callers.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import { uploadCertificate } from '../../src/services/uploads/upload-one.ts'
import { StaleSecrets, type Vault } from '../../src/services/vault.ts'
import { aForeignCertificate, anAccount, anUpload, refusalOf, type TestAccount } from '../support/builders.ts'
import { eachDatabase, temporaryFolder } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const BEGIN = '-----BEGIN CERTIFICATE-----\n'
const END = '-----END CERTIFICATE-----\n'

const isoOf = (at: number): string => new Date(at).toISOString()

interface Upload {
  readonly name: string
  readonly certificatePem: string
  readonly privateKeyPem: string
}

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  let leaf: TestLeaf
  let validity: { readonly notBefore: number; readonly notAfter: number }
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
    account = await anAccount(service, { balanceMinor: 0 })
    leaf = aForeignCertificate(service)
    validity = { notBefore: service.clock.now() - DAY_MS, notAfter: service.clock.now() + 200 * DAY_MS }
  })
  afterAll(() => service.stop())

  const anyUpload = (wish: Partial<Upload> = {}): Upload => ({
    name: randomUUID(),
    certificatePem: leaf.chainPem,
    privateKeyPem: leaf.privateKeyPem,
    ...wish,
  })
  const refusal = (wish: Partial<Upload>) => refusalOf(account.client.certificates.upload(anyUpload(wish)))
  const countOf = async () => (await account.client.certificates.list({ limit: 200 })).items.length

  test('an upload is kept with its facts, its chain and an encrypted key, and is renewable like a bought one (FD)', async () => {
    const own = aForeignCertificate(service, { daysLeft: 20, names: ['upload.example.com', 'www.upload.example.com'] })
    const uploaded = await account.client.certificates.upload({
      name: '  My site  ',
      certificatePem: own.chainPem,
      privateKeyPem: own.privateKeyPem,
    })
    expect(uploaded).toMatchObject({
      name: 'My site',
      origin: 'uploaded',
      status: 'expiringSoon',
      sha256: own.sha256,
      domains: ['upload.example.com', 'www.upload.example.com'],
      orderId: null,
      entitlement: null,
      renewal: { eligible: true, action: 'renew', reasons: [] },
    })
    expect(uploaded.chainPem).toBe(own.chainPem)
    expect(uploaded.history).toMatchObject([{ to: 'uploaded', actor: 'test', detail: `SHA-256 ${own.sha256}` }])
    const keys = await service.services.db
      .selectFrom('private_key')
      .innerJoin('secret', 'secret.id', 'private_key.secret_id')
      .select(['private_key.secret_id', 'secret.account_id'])
      .where('private_key.account_id', '=', account.accountId)
      .execute()
    expect(keys).toHaveLength(1)
    const [key] = keys
    expect(key?.account_id).toBe(account.accountId)
    expect(await service.services.vault.open(service.services.db, key?.secret_id ?? '', 'privateKey')).toBe(own.privateKeyPem)
  })

  test('one whose time has not begun says so, and is installed on its day', async () => {
    const folder = temporaryFolder()
    const config = { certificatePath: `${folder}/a.pem`, keyPath: `${folder}/a.key` }
    const begins = Math.floor(service.clock.now() / 1000) * 1000 + 3 * DAY_MS
    const early = createChain({ notAfter: begins + 400 * DAY_MS }).issue({
      names: ['early.example.com'],
      notBefore: begins,
      notAfter: begins + 90 * DAY_MS,
    })
    const { id, nextStep, status } = await account.client.certificates.upload({
      name: 'early',
      certificatePem: early.chainPem,
      privateKeyPem: early.privateKeyPem,
    })
    expect([status, nextStep]).toMatchObject(['issued', { code: 'awaitValidity', mover: 'user', at: isoOf(begins) }])
    const target = await account.client.targets.create({ certificateId: id, name: 'a server', kind: 'localFiles', config })
    const advance = () => advanceCertificate(service.services, id, new AbortController().signal)
    const shown = async () => {
      const { nextStep: step, targets } = await account.client.certificates.get({ id })
      return [step.code, step.mover, ...targets.map(({ deployment }) => deployment?.state)]
    }
    await advance()
    expect(await shown()).toEqual(['awaitValidity', 'evercert', 'planned'])
    expect(existsSync(config.certificatePath)).toBe(false)
    const before = service.clock.now()
    service.clock.moveTo(begins - 60_000) // it goes on by itself
    await advance()
    expect(existsSync(config.certificatePath)).toBe(false)
    service.clock.moveTo(begins)
    await advance()
    expect(readFileSync(config.certificatePath, 'utf8')).toBe(early.chainPem)
    expect((await shown())[0]).not.toBe('awaitValidity')
    service.clock.moveTo(before)
    await account.client.targets.remove({ id: target.id })
    await account.client.certificates.remove({ id })
  })

  test('only the certificates are kept of the text that they came in', async () => {
    const own = aForeignCertificate(service)
    const uploaded = await account.client.certificates.upload(
      anyUpload({
        certificatePem: `Bag Attributes\n  secret notes\n${own.chainPem.replaceAll('\n', '\r\n')}\nthe end`,
        privateKeyPem: `Key Attributes: none\r\n${own.privateKeyPem.replaceAll('\n', '\r\n')}`,
      }),
    )
    expect(uploaded.chainPem).toBe(own.chainPem)
  })

  test.each(['rsa2048', 'p384'] as const)('a certificate with a key of kind %s is taken', async (key) => {
    const own = createChain().issue({ ...validity, key, names: [`${randomUUID()}.example.com`] })
    expect(await anUpload(account, { leaf: own })).toMatchObject({ sha256: own.sha256, status: 'issued' })
  })

  test('a name may have 64 characters, not more, and not none', async () => {
    const longest = '店'.repeat(64)
    expect(await anUpload(account, { name: longest })).toMatchObject({ name: longest })
    expect(await refusal({ name: 'a'.repeat(65) })).toMatchObject({ code: 'invalid', status: 400 })
    expect(await refusal({ name: '   ' })).toMatchObject({ code: 'invalid' })
    expect(await refusal({ name: '' })).toMatchObject({ code: 'invalid' })
  })

  test('a name that is taken is refused with the certificate that has it', async () => {
    const first = await anUpload(account, { name: 'taken' })
    const own = aForeignCertificate(service)
    const answer = await refusal({ name: 'taken', certificatePem: own.chainPem, privateKeyPem: own.privateKeyPem })
    expect(answer).toMatchObject({ code: 'duplicateName', status: 409, facts: { certificateId: first.id } })
  })

  test('the same certificate is kept once, by fingerprint, whatever its name and chain', async () => {
    const own = aForeignCertificate(service)
    const first = await anUpload(account, { leaf: own })
    const answer = await refusal({ certificatePem: own.pem, privateKeyPem: own.privateKeyPem })
    expect(answer).toMatchObject({ code: 'duplicateCertificate', status: 409, facts: { certificateId: first.id } })
  })

  test('of uploads of one certificate, or under one name, at once exactly one is kept and the others are told why', async () => {
    const own = aForeignCertificate(service)
    const same = await Promise.allSettled(Array.from({ length: 4 }, () => anUpload(account, { leaf: own })))
    expect(same.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await codesOf(same)).toEqual(['duplicateCertificate', 'duplicateCertificate', 'duplicateCertificate'])
    const name = randomUUID()
    const named = await Promise.allSettled(Array.from({ length: 4 }, () => anUpload(account, { name })))
    expect(named.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await codesOf(named)).toEqual(['duplicateName', 'duplicateName', 'duplicateName'])
  })

  async function codesOf(results: readonly PromiseSettledResult<unknown>[]): Promise<string[]> {
    const rejected = results.filter((result) => result.status === 'rejected')
    return Promise.all(rejected.map(async (result) => (await refusalOf(Promise.reject(result.reason as Error))).code))
  }

  test('another account may keep the same certificate under the same name', async () => {
    const own = aForeignCertificate(service)
    const other = await anAccount(service, { balanceMinor: 0 })
    const wish = { name: randomUUID(), leaf: own }
    const [mine, theirs] = [await anUpload(account, wish), await anUpload(other, wish)]
    expect(theirs.id).not.toBe(mine.id)
  })

  test('an expired certificate is refused with the date of its end', async () => {
    const own = aForeignCertificate(service, { daysLeft: 0 })
    const answer = await refusal({ certificatePem: own.chainPem, privateKeyPem: own.privateKeyPem })
    expect(answer.code).toBe('certificateExpired')
    expect(answer.detail).toContain(new Date(service.clock.now()).toISOString().slice(0, 10))
  })

  test('a certificate that ends before it begins is refused, with both instants', async () => {
    const day = Math.floor(service.clock.now() / DAY_MS)
    const [notBefore, notAfter] = [(day + 20) * DAY_MS, (day + 10) * DAY_MS]
    const { chainPem, privateKeyPem } = aForeignCertificate(service, { notBefore, notAfter })
    expect(await refusal({ certificatePem: chainPem, privateKeyPem })).toMatchObject({
      code: 'badCertificate',
      facts: { reason: 'endsBeforeItBegins', notBefore: isoOf(notBefore), notAfter: isoOf(notAfter) },
    })
  })

  test('a refused upload leaves nothing behind', async () => {
    const before = await countOf()
    const secrets = () =>
      service.services.db
        .selectFrom('secret')
        .select((builder) => builder.fn.countAll<string>().as('count'))
        .executeTakeFirstOrThrow()
    const secretsBefore = Number((await secrets()).count)
    await refusal({ privateKeyPem: aForeignCertificate(service).privateKeyPem })
    await anUpload(account, { name: 'left alone' })
    await refusal({ name: 'left alone', certificatePem: aForeignCertificate(service).chainPem })
    expect(await countOf()).toBe(before + 1)
    expect(Number((await secrets()).count)).toBe(secretsBefore + 1)
  })

  describe('a chain', () => {
    test('starts with the server certificate: a CA first is refused', async () => {
      const [, intermediate = ''] = leaf.chainPem.split(/(?=-----BEGIN)/)
      const answer = await refusal({ certificatePem: intermediate + leaf.pem })
      expect(answer).toMatchObject({ code: 'badCertificate', status: 422 })
      expect(answer.detail).toMatch(/put the server certificate first/)
    })

    test('is in order, without strangers', async () => {
      const middle = createRoot().createIntermediate()
      const deep = middle.createIntermediate().issue({ ...validity, names: ['deep.example.com'] })
      const [own = '', first = '', second = ''] = deep.chainPem.split(/(?=-----BEGIN)/)
      const { privateKeyPem } = deep
      expect(await refusal({ certificatePem: own + second + first, privateKeyPem })).toMatchObject({ code: 'badCertificate' })
      const stranger = createRoot().pem
      expect(await refusal({ certificatePem: own + first + second + stranger, privateKeyPem })).toMatchObject({
        code: 'badCertificate',
      })
      expect(await refusal({ certificatePem: own + own + first, privateKeyPem })).toMatchObject({ code: 'badCertificate' })
      const taken = await account.client.certificates.upload(anyUpload({ certificatePem: own + first + second, privateKeyPem }))
      expect(taken.chainPem).toBe(deep.chainPem)
    })

    test('does not smuggle a stranger in by its name', async () => {
      const stranger = createRoot({ commonName: 'missing incomplete' }).pem
      expect(await refusal({ certificatePem: leaf.chainPem + stranger })).toMatchObject({ code: 'badCertificate' })
    })

    test('may lack its intermediates, and may be self-signed', async () => {
      const own = createSelfSigned({ ...validity, names: ['self.example.com'] })
      expect(await anUpload(account, { leaf: own })).toMatchObject({ sha256: own.sha256 })
      const alone = aForeignCertificate(service)
      expect(await anUpload(account, { leaf: { ...alone, chainPem: alone.pem } })).toMatchObject({ sha256: alone.sha256 })
    })
  })

  describe('a private key', () => {
    test('of another certificate is refused', async () => {
      const answer = await refusal({ privateKeyPem: aForeignCertificate(service).privateKeyPem })
      expect(answer).toMatchObject({ code: 'keyMismatch', status: 422 })
    })

    test.each([
      ['encrypted (PKCS#8)', () => encryptedKey('pkcs8')],
      ['encrypted (PKCS#1)', () => encryptedKey('pkcs1')],
      ['not a key', () => `-----BEGIN PRIVATE KEY-----\n${'QUJD'.repeat(40)}\n-----END PRIVATE KEY-----\n`],
      ['a certificate', () => createSelfSigned().pem],
      ['two keys', () => createSelfSigned().privateKeyPem + createSelfSigned().privateKeyPem],
      ['truncated', () => createSelfSigned().privateKeyPem.slice(0, 120)],
      ['plain text', () => 'hunter2'],
    ])('%s is refused as a bad key, without repeating it', async (_what, make) => {
      const privateKeyPem = make()
      const answer = await refusal({ privateKeyPem })
      expect(answer).toMatchObject({ code: 'badKey', status: 422 })
      expect(JSON.stringify(answer)).not.toContain(privateKeyPem.split('\n')[1] ?? privateKeyPem)
    })
  })

  describe('hostile PEM', () => {
    const broken: readonly (readonly [string, string, () => string])[] = [
      ['text without a block', 'badCertificate', () => 'hello'],
      ['a block without an end', 'badCertificate', () => leaf.chainPem.slice(0, 400)],
      ['a block without a beginning', 'badCertificate', () => leaf.pem.slice(BEGIN.length)],
      ['a block in a block', 'badCertificate', () => BEGIN + leaf.pem],
      ['an empty block', 'badCertificate', () => BEGIN + END],
      ['letters that are not base64', 'badCertificate', () => leaf.pem.replace(/\n(.)/, '\n!')],
      ['base64 that is not DER', 'badCertificate', () => `${BEGIN}${'QUJD'.repeat(100)}\n${END}`],
      ['DER cut short', 'badCertificate', () => pemOf(leaf.der.subarray(0, leaf.der.length - 40))],
      ['DER with a tail', 'badCertificate', () => pemOf(Buffer.concat([leaf.der, Buffer.alloc(10)]))],
      ['DER that claims to be longer than memory', 'badCertificate', () => pemOf(Buffer.from('3084ffffffff3084ffffffff', 'hex'))],
      ['DER nested a thousand deep', 'badCertificate', () => pemOf(nested(1000))],
      ['a key among the certificates', 'badCertificate', () => leaf.chainPem + leaf.privateKeyPem],
      ['a thousand blocks', 'tooLarge', () => leaf.pem.repeat(300)],
      ['thousands of empty blocks', 'badCertificate', () => (BEGIN + END).repeat(4000)],
      ['a block of another kind', 'badCertificate', () => leaf.pem.replaceAll('CERTIFICATE', 'CERTIFICATE REQUEST')],
    ]

    test.each(broken)('%s is refused as %s', async (_what, code, make) => {
      const answer = await refusal({ certificatePem: make() })
      expect(answer.status).toBeLessThan(500)
      expect(answer.code).toBe(code)
      expect(answer.remedy.zh).toMatch(/[一-龥]/u)
    })

    test('a text over the limit of its field is too large, with what to send; with another fault it is told with that', async () => {
      const certificatePem = 'A'.repeat(262_145)
      expect(await refusal({ certificatePem })).toMatchObject({
        status: 413,
        code: 'tooLarge',
        detail:
          'Reading the request: certificatePem has more than 262144 characters: send the certificate and its intermediates alone, as PEM.',
        facts: { field: 'certificatePem', maxCharacters: 262_144 },
      })
      const both = await refusal({ certificatePem, privateKeyPem: 'A'.repeat(65_537) })
      expect([both.code, both.detail]).toEqual([
        'tooLarge',
        expect.stringContaining('privateKeyPem has more than 65536 characters'),
      ])
      expect(await refusal({ certificatePem, name: 'x'.repeat(65) })).toMatchObject({ code: 'invalid', status: 400 })
    })

    test('NUL, lone surrogates and other characters that no database keeps are refused wherever they stand', async () => {
      for (const text of ['a\u0000b', '\ud800', 'x\udc00y']) {
        expect(await refusal({ name: text })).toMatchObject({ code: 'invalid', status: 400 })
        expect(await refusal({ certificatePem: `${text}\n${leaf.chainPem}` })).toMatchObject({ code: 'invalid', status: 400 })
      }
    })

    test('more text than is read is refused before it is parsed', async () => {
      expect(await refusal({ certificatePem: 'A'.repeat(262_145) })).toMatchObject({ code: 'tooLarge' })
      expect(await refusal({ privateKeyPem: 'A'.repeat(65_537) })).toMatchObject({ code: 'tooLarge' })
    })
  })

  test('an upload whose key was sealed before the master key changed is sealed anew, outside the transaction', async () => {
    const { services } = service
    const caller = await authenticate(services, (await anAccount(service, { balanceMinor: 0 })).token)
    const own = aForeignCertificate(service)
    const upload = { name: 'in a rotation', certificatePem: own.chainPem, privateKeyPem: own.privateKeyPem, completeChain: false }
    const run = (changes: number) => {
      const { vault } = services
      let prepared = 0
      const rotating: Vault = {
        ...vault,
        prepareMany: async (secrets) => {
          const made = await vault.prepareMany(secrets)
          return ++prepared > changes ? made : made.map((one) => ({ ...one, masterKeyId: 'the one before' }))
        },
      }
      return uploadCertificate({ ...services, vault: rotating }, caller, upload)
    }
    await expect(run(9)).rejects.toThrow(StaleSecrets)
    const { id } = await run(2)
    const rows = await services.db
      .selectFrom('issuance')
      .innerJoin('private_key', 'private_key.id', 'issuance.private_key_id')
      .innerJoin('secret', 'secret.id', 'private_key.secret_id')
      .select('secret.master_key_id')
      .where('issuance.certificate_id', '=', id)
      .execute()
    expect(rows.map((row) => row.master_key_id)).toEqual([services.keyring.sealing.id])
  })
})

function pemOf(der: Buffer): string {
  return `${BEGIN}${(der.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n${END}`
}

function nested(depth: number): Buffer {
  let inner = Buffer.alloc(0)
  for (let level = 0; level < depth; level += 1) {
    const length = inner.length < 0x80 ? [inner.length] : [0x82, inner.length >> 8, inner.length & 0xff]
    inner = Buffer.concat([Buffer.from([0x30, ...length]), inner])
  }
  return inner
}

function encryptedKey(type: 'pkcs1' | 'pkcs8'): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type, format: 'pem', cipher: 'aes-128-cbc', passphrase: 'secret' }).toString()
}
