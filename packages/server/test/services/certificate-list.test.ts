import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CertificateQuery, CertificateView } from '@evercert/contract'
import { createRoot } from '../../../../test/harness/certificates.ts'
import { up } from '../../src/db/migrations/0052-brands-of-uploads.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import {
  aForeignCertificate,
  anAccount,
  anUpload,
  buyCertificate,
  PRIVATE_SINGLE,
  refusalOf,
  type TestAccount,
} from '../support/builders.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

eachDatabase((_kind, open) => {
  let service: TestService
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
  })
  afterAll(() => service.stop())

  const upload = (account: TestAccount, name: string, names: readonly string[], daysLeft = 200) =>
    anUpload(account, { name, leaf: aForeignCertificate(service, { names: [...names], daysLeft }) })

  async function found(account: TestAccount, query: CertificateQuery & { readonly limit?: number }): Promise<string[]> {
    return (await account.client.certificates.list(query)).items.map(({ name }) => name)
  }

  describe('filters', () => {
    let account: TestAccount
    let shop: CertificateView
    beforeAll(async () => {
      account = await anAccount(service)
      shop = await upload(account, 'Main Shop', ['www.shop.example.com', 'shop.example.com'], 20)
      await upload(account, '北京商店', ['xn--czrs0t.example.com'], 40)
      await upload(account, 'mail-relay', ['*.example.net'], 300)
      await buyCertificate(account)
    })

    test.each<[CertificateQuery, string[]]>([
      [{ name: 'shop' }, ['Main Shop']],
      [{ name: 'MAIN' }, ['Main Shop']],
      [{ name: 'hop' }, []],
      [{ name: 'relay' }, ['mail-relay']],
      [{ name: '商店' }, ['北京商店']],
      [{ domain: 'example.com' }, ['北京商店', 'Main Shop']],
      [{ domain: 'shop.example.com' }, ['Main Shop']],
      [{ domain: 'op.example.com' }, []],
      [{ domain: 'com' }, []],
      [{ domain: '商店.EXAMPLE.com' }, ['北京商店']],
      [{ domain: 'xn--czrs0t.example.com' }, ['北京商店']],
      [{ domain: 'example.net' }, ['mail-relay']],
      [{ domain: '*.example.net' }, ['mail-relay']],
      [{ search: '商店.example.com' }, ['北京商店']],
      [{ search: 'example.n' }, ['mail-relay']],
      [{ origin: 'uploaded', name: 'm' }, ['mail-relay', 'Main Shop']],
      [{ issuer: 'no such issuer' }, []],
      [{ search: 'shop', domain: 'example.net' }, []],
      [{ status: 'expiringSoon', domain: 'example.com' }, ['Main Shop']],
    ])('%j', async (query, names) => {
      expect(await found(account, query)).toEqual(names)
    })

    test('fingerprints and serial numbers by their beginning, with colons or without', async () => {
      const sha256 = shop.sha256 ?? ''
      const serial = shop.serial ?? ''
      const colons = (hex: string) => (hex.match(/../g) ?? []).join(':').toUpperCase()
      for (const query of [
        { fingerprint: sha256 },
        { fingerprint: colons(sha256.slice(0, 12)) },
        { search: colons(sha256.slice(0, 12)) },
        { serial },
        { serial: serial.slice(0, 12).toUpperCase() },
      ])
        expect(await found(account, query)).toEqual(['Main Shop'])
      expect(await found(account, { fingerprint: sha256.slice(1) })).toEqual([])
      const refused = await refusalOf(account.client.certificates.list({ fingerprint: 'not hex' }))
      expect(refused).toMatchObject({ code: 'invalid', status: 400 })
    })

    test('brand, issuer and origin', async () => {
      const [bought] = (await account.client.certificates.list({ origin: 'purchased' })).items
      const brand = bought?.specification?.brand ?? ''
      expect(await found(account, { brand })).toEqual([bought?.name])
      expect(await found(account, { brand: brand.slice(0, 3) })).toEqual([])
      const ca = createRoot({ commonName: 'GlobalSign Test CA', organization: 'GlobalSign nv-sa' })
      const entry = (name: string) => {
        const { chainPem, privateKeyPem } = ca.issue({
          names: [`${name.replace(' ', '')}.example.com`],
          notAfter: service.clock.now() + 20 * DAY_MS,
        })
        return { name, certificatePem: chainPem, privateKeyPem }
      }
      const other = await anAccount(service, { balanceMinor: 0 })
      const alone = await other.client.certificates.upload(entry('alone'))
      const many = Array.from({ length: 24 }, (_, index) => `many ${index}`)
      await other.client.uploads.create({ entries: many.map((name) => entry(name)) })
      await upload(other, 'of nobody', ['nobody.example.com'])
      const branded = async () => (await found(other, { brand: 'GlobalSign', sort: 'created', limit: 100 })).toSorted()
      expect(alone.knownSpecification?.brand).toBe('GlobalSign')
      expect(await branded()).toEqual(['alone', ...many].toSorted())
      // Those that were listed before this was so.
      await service.services.db.updateTable('certificate_listing').set({ brand: null }).where('origin', '=', 'uploaded').execute()
      expect(await branded()).toEqual([])
      await up(service.services.db as never)
      expect(await branded()).toEqual(['alone', ...many].toSorted())
      const issuer = shop.issuer ?? ''
      expect(await found(account, { issuer: issuer.slice(3, 9).toUpperCase() })).toContain('Main Shop')
    })

    test('an expiry range takes its beginning and leaves its end', async () => {
      const expiresAt = shop.notAfter ?? ''
      const later = new Date(Date.parse(expiresAt) + DAY_MS).toISOString()
      expect(await found(account, { expiresFrom: expiresAt, expiresTo: later })).toEqual(['Main Shop'])
      expect(await found(account, { expiresTo: expiresAt })).toEqual([])
      expect(await found(account, { expiresFrom: later })).toEqual(['mail-relay', '北京商店'])
    })

    test('sorted by expiry, name and creation, in both directions', async () => {
      const uploaded = { origin: 'uploaded' } as const
      const orders = {
        created: ['Main Shop', '北京商店', 'mail-relay'],
        expiry: ['Main Shop', '北京商店', 'mail-relay'],
        name: ['mail-relay', 'Main Shop', '北京商店'],
      }
      for (const key of ['created', 'expiry', 'name'] as const) {
        expect(await found(account, { ...uploaded, sort: key })).toEqual(orders[key])
        expect(await found(account, { ...uploaded, sort: `-${key}` })).toEqual(orders[key].toReversed())
      }
      // What is not issued has no expiry: it comes after all that has.
      expect((await found(account, { sort: 'expiry' })).slice(0, 3)).toEqual(orders.expiry)
    })

    test('a cursor belongs to its order', async () => {
      const { nextCursor } = await account.client.certificates.list({ sort: 'name', limit: 1 })
      for (const sort of ['-name', 'expiry', '-created'] as const) {
        const refused = await refusalOf(account.client.certificates.list({ sort, cursor: nextCursor ?? '' }))
        expect(refused).toMatchObject({ code: 'invalid' })
      }
    })
  })

  describe('names and tags', () => {
    test('are added and removed, on one and on many, and the timeline says so', async () => {
      const account = await anAccount(service, { balanceMinor: 0 })
      const [one, two] = [await upload(account, 'one', ['one.example.com']), await upload(account, 'two', ['two.example.com'])]
      const { certificates } = account.client
      const tagged = await certificates.tag({ id: one.id, add: ['Prod', 'web', 'web'], remove: ['nothing'] })
      expect(tagged.tags).toEqual(['prod', 'web'])
      expect(tagged.history[0]).toMatchObject({ to: 'tagged', actor: 'test', detail: '+prod, +web' })
      expect(await certificates.tagMany({ ids: [one.id, two.id, one.id], add: ['prod', 'new'] })).toEqual({ changed: 2 })
      expect(await certificates.tagMany({ ids: [one.id, two.id], add: ['prod'] })).toEqual({ changed: 0 })
      expect(await found(account, { tags: 'prod' })).toEqual(['two', 'one'])
      expect(await found(account, { tags: 'PROD, web' })).toEqual(['one'])
      expect(await found(account, { tags: 'prod', anyTags: 'web,none' })).toEqual(['one'])
      expect(await found(account, { anyTags: 'web,new' })).toEqual(['two', 'one'])
      expect((await certificates.tag({ id: one.id, remove: ['web'] })).tags).toEqual(['new', 'prod'])
      expect(await found(account, { tags: 'web' })).toEqual([])
    })

    test('of many, either all are changed or none; no account reaches into another', async () => {
      const account = await anAccount(service, { balanceMinor: 0 })
      const stranger = await anAccount(service, { balanceMinor: 0 })
      const own = await upload(account, 'own', ['own.example.com'])
      const theirs = await upload(stranger, 'theirs', ['theirs.example.com'])
      const refused = await refusalOf(account.client.certificates.tagMany({ ids: [own.id, theirs.id], add: ['x'] }))
      expect(refused).toMatchObject({ code: 'notFound' })
      expect((await account.client.certificates.get({ id: own.id })).tags).toEqual([])
      expect((await stranger.client.certificates.get({ id: theirs.id })).tags).toEqual([])
    })

    test.each([[['a,b']], [['']], [['x'.repeat(65)]], [['line\nbreak']], [Array.from({ length: 51 }, (_, n) => `t${n}`)]])(
      'tags that cannot be are refused: %j',
      async (add) => {
        const account = await anAccount(service, { balanceMinor: 0 })
        const { id } = await upload(account, 'one', [`one.example.com`])
        expect(await refusalOf(account.client.certificates.tag({ id, add }))).toMatchObject({ code: 'invalid' })
      },
    )

    test('fifty tags are the most, also one by one', async () => {
      const account = await anAccount(service, { balanceMinor: 0 })
      const { id } = await upload(account, 'one', ['one.example.com'])
      await account.client.certificates.tag({ id, add: Array.from({ length: 50 }, (_, n) => `t${n}`) })
      expect(await refusalOf(account.client.certificates.tag({ id, add: ['one more'] }))).toMatchObject({ code: 'invalid' })
      expect((await account.client.certificates.tag({ id, add: ['one more'], remove: ['t0'] })).tags).toHaveLength(50)
    })

    test('a certificate is renamed, unless the name is taken', async () => {
      const account = await anAccount(service, { balanceMinor: 0 })
      const one = await upload(account, 'one', ['one.example.com'])
      await upload(account, 'two', ['two.example.com'])
      const { certificates } = account.client
      expect(await refusalOf(certificates.rename({ id: one.id, name: 'two' }))).toMatchObject({ code: 'duplicateName' })
      const renamed = await certificates.rename({ id: one.id, name: ' Three ' })
      expect(renamed).toMatchObject({ name: 'Three', history: [{ to: 'renamed', detail: 'one → Three' }, {}] })
      expect(await found(account, { name: 'three' })).toEqual(['Three'])
      expect(await found(account, { name: 'one' })).toEqual([])
      expect((await certificates.rename({ id: one.id, name: 'Three' })).history).toHaveLength(2)
    })
  })

  test('counts by status follow every change, also when the clock alone moves', async () => {
    const account = await anAccount(service)
    const counts = async () => {
      const { items, renewalWindow } = await account.client.certificates.counts({})
      expect(renewalWindow).toEqual({ days: 30, timeZone: null })
      return Object.fromEntries(items.map(({ status, count }) => [status, count]))
    }
    expect(await counts()).toEqual({})
    const old = await upload(account, 'soon', ['soon.example.com'], 20)
    await upload(account, 'late', ['late.example.com'], 200)
    expect(await counts()).toEqual({ expiringSoon: 1, issued: 1 })
    const renewal = await buyCertificate(account, { renewsCertificateId: old.id, productId: PRIVATE_SINGLE })
    expect(await counts()).toEqual({ expiringSoon: 1, issued: 1, pendingApplication: 1 })
    await account.client.certificates.cancel({ id: renewal.id })
    expect(await counts()).toEqual({ expiringSoon: 1, issued: 1, cancelled: 1 })
    const before = service.clock.now()
    service.clock.moveTo(Date.parse(old.notAfter ?? '') - 60_000)
    expect(await counts()).toEqual({ expiringSoon: 1, issued: 1, cancelled: 1 })
    service.clock.moveTo(Date.parse(old.notAfter ?? '') + 1)
    expect(await counts()).toEqual({ expired: 1, issued: 1, cancelled: 1 })
    service.clock.moveTo(before)
  })

  test('the timeline comes in pages, newest first, and has a line for each change', async () => {
    const account = await anAccount(service, { balanceMinor: 0 })
    const { id } = await upload(account, 'one', ['one.example.com'])
    const endpoint = await account.client.endpoints.create({ certificateId: id, host: 'one.example.com' })
    const target = await account.client.targets.create({
      certificateId: id,
      name: 'files',
      kind: 'localFiles',
      config: { certificatePath: '/tmp/x/a.pem', keyPath: '/tmp/x/a.key', reloadCommand: ['true'] },
    })
    await account.client.targets.remove({ id: target.id })
    await account.client.endpoints.remove({ id: endpoint.id })
    await account.client.certificates.tag({ id, add: ['x'] })
    const lines: string[] = []
    let cursor: string | null = null
    do {
      const page = await account.client.certificates.history({ id, limit: 2, ...(cursor === null ? {} : { cursor }) })
      lines.push(...page.items.map(({ subject, to, actor }) => `${subject} ${to} ${actor}`))
      ;({ nextCursor: cursor } = page)
    } while (cursor !== null)
    expect(lines).toEqual([
      'certificate tagged test',
      'endpoint removed test',
      'target removed test',
      'target added test',
      'endpoint added test',
      'certificate uploaded test',
    ])
    const { history } = await account.client.certificates.get({ id })
    expect(history.map(({ subject, to, actor }) => `${subject} ${to} ${actor}`)).toEqual(lines)
    for (const wrong of ['0', 'x', '1e9', '-1', '9'.repeat(19)]) {
      const refused = await refusalOf(account.client.certificates.history({ id, cursor: wrong }))
      expect(refused).toMatchObject({ code: 'invalid' })
    }
  })
})
