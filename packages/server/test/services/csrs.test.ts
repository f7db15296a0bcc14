import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { createCsr, generateKey, toPem } from '@evercert/pki'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aForm, anAccount, aSite, buyCertificate, obtain, refusalOf, withKey, type TestAccount } from '../support/builders.ts'
import { oneDatabase } from '../support/databases.ts'
import { waitFor } from '../support/wait-for.ts'
import { startTestService, type TestService } from '../support/service.ts'

const pemOf = async (key: Awaited<ReturnType<typeof generateKey>>, names: readonly string[]): Promise<string> =>
  toPem(await createCsr({ key, names, commonName: names[0] ?? null }), 'CERTIFICATE REQUEST')

function spkiOf(chainPem: string | null): string {
  const der = createPublicKey(new X509Certificate(chainPem ?? '').publicKey.export({ type: 'spki', format: 'pem' })).export({
    type: 'spki',
    format: 'der',
  })
  return createHash('sha256').update(der).digest('hex')
}

oneDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open() })
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  const keyCount = async (): Promise<number> =>
    (await service.services.db.selectFrom('private_key').select('id').where('account_id', '=', account.accountId).execute())
      .length

  test('a CSR made here is issued for, with its key, and serves no second order', async () => {
    const { client } = account
    const site = aSite(service)
    const csr = await client.csrs.create({ name: `made for ${site}`, domains: [site], key: 'p384' })
    expect(csr).toMatchObject({
      origin: 'system',
      commonName: site,
      domains: [site],
      algorithm: 'p384',
      hasKey: true,
      usedByCertificateId: null,
    })
    expect(csr.csrPem).toContain('BEGIN CERTIFICATE REQUEST')
    const { id } = await buyCertificate(account)
    const issued = await obtain(account, id, aForm([site], { csrId: csr.id }))
    expect(spkiOf(issued.chainPem)).toBe(csr.spkiSha256)
    expect((await client.downloads.withKey({ id, format: 'nginx' })).size).toBeGreaterThan(100)
    expect(await client.csrs.get({ id: csr.id })).toMatchObject({ usedByCertificateId: id })
    const second = await buyCertificate(account)
    const refused = await refusalOf(client.applications.submit({ id: second.id, ...aForm([site], { csrId: csr.id }) }))
    expect(refused).toMatchObject({ code: 'badCsr', facts: { adviceZh: '其公钥已用于其他订单，请用新密钥重新生成 CSR。' } })
    // What is finished no longer holds the CSR; its certificate keeps the key.
    const keys = await keyCount()
    await client.csrs.remove({ id: csr.id })
    expect(await keyCount()).toBe(keys)
    expect((await client.downloads.withKey({ id, format: 'nginx' })).size).toBeGreaterThan(100)
  })

  test('an uploaded CSR takes the key that it was made with, and no other; so does what was issued for it', async () => {
    const { client } = account
    const site = aSite(service)
    const key = await generateKey()
    const csr = await client.csrs.upload({ name: site, csrPem: await pemOf(key, [site]) })
    expect(csr).toMatchObject({ origin: 'uploaded', hasKey: false, domains: [site] })
    const { id } = await buyCertificate(account)
    await obtain(account, id, aForm([site], { csrId: csr.id }))
    expect(await refusalOf(client.downloads.withKey({ id, format: 'nginx' }))).toMatchObject({ code: 'keyNotStored' })
    const other = await generateKey()
    expect(await refusalOf(client.csrs.attachKey({ id: csr.id, privateKeyPem: other.pkcs8Pem }))).toMatchObject({
      code: 'keyMismatch',
    })
    expect(await refusalOf(client.csrs.attachKey({ id: csr.id, privateKeyPem: 'none' }))).toMatchObject({ code: 'badKey' })
    expect(await client.csrs.attachKey({ id: csr.id, privateKeyPem: key.pkcs8Pem })).toMatchObject({ hasKey: true })
    expect(await refusalOf(client.csrs.attachKey({ id: csr.id, privateKeyPem: key.pkcs8Pem }))).toMatchObject({
      code: 'conflict',
    })
    expect((await client.downloads.withKey({ id, format: 'nginx' })).size).toBeGreaterThan(100)
  })

  test('with a key that does not belong to it, nothing is stored', async () => {
    const before = (await account.client.csrs.list()).items.length
    const upload = {
      name: 'mismatch',
      csrPem: await pemOf(await generateKey(), ['a.example.com']),
      privateKeyPem: (await generateKey()).pkcs8Pem,
    }
    expect(await refusalOf(account.client.csrs.upload(upload))).toMatchObject({ code: 'keyMismatch' })
    expect((await account.client.csrs.list()).items).toHaveLength(before)
  })

  test('an application in progress holds its CSR; a withdrawn one lets go', async () => {
    const { client } = account
    const site = aSite(service)
    const csr = await client.csrs.create({ name: `held ${site}`, domains: [site] })
    const { id } = await buyCertificate(account)
    await client.applications.submit({ id, ...aForm([site], { csrId: csr.id, validationMethod: 'dnsManual' }) })
    expect(await refusalOf(client.csrs.remove({ id: csr.id }))).toMatchObject({ code: 'inUse', facts: { certificateId: id } })
    await client.applications.withdraw({ id })
    const keys = await keyCount()
    expect(await client.csrs.remove({ id: csr.id })).toEqual({ id: csr.id })
    expect(await refusalOf(client.csrs.get({ id: csr.id }))).toMatchObject({ code: 'notFound' })
    expect(await keyCount()).toBe(keys) // the withdrawn application refers to it
  })

  test('an unused CSR takes its key along', async () => {
    const keys = await keyCount()
    const csr = await account.client.csrs.create({ name: 'unused', domains: ['unused.example.com'] })
    expect(await keyCount()).toBe(keys + 1)
    await account.client.csrs.remove({ id: csr.id })
    expect(await keyCount()).toBe(keys)
  })

  test('its key goes with the certificate that was issued for it, and stays with a CSR whose order was cancelled', async () => {
    const { client } = account
    const site = aSite(service)
    const csr = await client.csrs.create({ name: `ends ${site}`, domains: [site] })
    const first = await buyCertificate(account)
    await client.applications.submit({ id: first.id, ...aForm([site], { csrId: csr.id, validationMethod: 'dnsManual' }) })
    await client.certificates.cancel({ id: first.id }, withKey())
    expect(await client.csrs.get({ id: csr.id })).toMatchObject({ hasKey: true, usedByCertificateId: null })
    const { id } = await buyCertificate(account)
    await obtain(account, id, aForm([site], { csrId: csr.id }))
    await client.certificates.revoke({ id })
    await waitFor('the revocation', async () => ((await client.certificates.get({ id })).status === 'revoked' ? true : null))
    const keys = await keyCount()
    await client.certificates.remove({ id, withoutRefund: true })
    expect(await keyCount()).toBe(keys - 1)
    expect(await client.csrs.get({ id: csr.id })).toMatchObject({ hasKey: false, usedByCertificateId: id })
  })

  describe('what is refused', () => {
    test('names and public keys that are there already', async () => {
      const key = await generateKey()
      const csrPem = await pemOf(key, ['one.example.com'])
      await account.client.csrs.upload({ name: 'one', csrPem })
      expect(await refusalOf(account.client.csrs.upload({ name: 'two', csrPem }))).toMatchObject({ code: 'badCsr' })
      expect(await refusalOf(account.client.csrs.create({ name: 'one', domains: ['a.example.com'] }))).toMatchObject({
        code: 'duplicateName',
      })
    })

    test('what is no CSR, and domains that are none', async () => {
      expect(await refusalOf(account.client.csrs.upload({ name: 'x', csrPem: 'none' }))).toMatchObject({
        code: 'badCsr',
        facts: { adviceZh: expect.stringContaining('无法读取') as string },
      })
      expect(await refusalOf(account.client.csrs.create({ name: 'x', domains: ['com'] }))).toMatchObject({ code: 'badDomain' })
    })

    test('applications whose domains are not those of the CSR, with two CSRs, or with one of another account', async () => {
      const { client } = account
      const site = aSite(service)
      const csr = await client.csrs.create({ name: `other ${site}`, domains: ['other.example.com'] })
      const { id } = await buyCertificate(account)
      const submit = (wish: object) => refusalOf(client.applications.submit({ id, ...aForm([site], wish) }))
      expect(await submit({ csrId: csr.id })).toMatchObject({ code: 'badCsr' })
      expect(await submit({ csrId: csr.id, csrPem: csr.csrPem })).toMatchObject({ code: 'invalid' })
      const stranger = await anAccount(service)
      const theirs = await stranger.client.csrs.create({ name: 'theirs', domains: [site] })
      expect(await submit({ csrId: theirs.id })).toMatchObject({ code: 'invalid' })
    })
  })
})
