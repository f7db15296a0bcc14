import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SCOPES } from '@evercert/contract'
import { aCompany, anAccount, aStoredCompany, refusalOf, type TestAccount } from '../support/builders.ts'
import { eachDatabase } from '../support/databases.ts'
import { aJpeg, aPng, pngChunk } from '../support/images.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const ADA = { name: 'Ada Example', email: 'ada@example.com', phone: '+44 20 0000 1234' }

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
    account = await anAccount(service, { scopes: SCOPES })
  })
  afterAll(() => service.stop())

  test('a contact is masked in the list and whole for whoever may write', async () => {
    const { client } = account
    const { id } = await client.contacts.create(ADA)
    expect(await client.contacts.get({ id })).toMatchObject(ADA)
    const { items } = await client.contacts.list()
    expect(items.find((item) => item.id === id)).toEqual({ id, name: ADA.name, email: 'a***@example.com', phone: '***34' })
    expect(JSON.stringify(items)).not.toContain('ada@')
    const { token } = await client.tokens.create({ name: 'reader', scopes: ['certificates:read'] })
    const reader = service.clientOf(token)
    expect((await reader.contacts.list()).items).toHaveLength(items.length)
    expect(await refusalOf(reader.contacts.get({ id }))).toMatchObject({
      code: 'forbidden',
      facts: { scope: 'certificates:write' },
    })
    await client.contacts.update({ ...ADA, id, phone: '112' })
    expect(await client.contacts.get({ id })).toMatchObject({ phone: '112' })
    await client.contacts.remove({ id })
    expect(await refusalOf(client.contacts.get({ id }))).toMatchObject({ code: 'notFound' })
    expect(await refusalOf(client.contacts.remove({ id }))).toMatchObject({ code: 'notFound' })
    expect(await refusalOf(client.contacts.update({ ...ADA, id }))).toMatchObject({ code: 'notFound' })
  })

  test('a company is masked in the list, and shows which documents it has', async () => {
    const { client } = account
    const { id } = await aStoredCompany(account)
    const { items } = await client.companies.list()
    const item = items.find((each) => each.id === id)
    expect(item).toMatchObject({ registrationNumber: '***XX4T', phone: '***00', documents: ['bankPermit', 'businessLicence'] })
    expect(JSON.stringify(items)).not.toContain(aCompany().registrationNumber)
    expect(await client.companies.update({ ...aCompany({ city: 'Beijing' }), id })).toMatchObject({ city: 'Beijing' })
    await client.companies.remove({ id })
    expect(await refusalOf(client.companies.get({ id }))).toMatchObject({ code: 'notFound' })
    expect(await secretsOf('document')).toBe(0) // nothing was sent with them
  })

  describe('documents', () => {
    test('come back as they went in, are encrypted at rest, and replace each other', async () => {
      const { client } = account
      const { id } = await client.companies.create(aCompany())
      const before = await secretsOf('document')
      await client.companies.putDocument({ id, contentBase64: aJpeg().toString('base64') })
      const png = aPng({ before: [pngChunk('tEXt', Buffer.from('Comment\0the licence of Example Trading'))] })
      const company = await client.companies.putDocument({ id, contentBase64: png.toString('base64') })
      expect(company.documents).toMatchObject([
        { kind: 'businessLicence', contentType: 'image/png', bytes: png.length, width: 8, height: 4 },
      ])
      const content = await client.companies.getDocument({ id })
      expect(Buffer.from(content.contentBase64, 'base64').equals(png)).toBe(true)
      expect(await secretsOf('document')).toBe(before + 1)
      const rows = await service.services.db.selectFrom('secret').select('ciphertext').where('purpose', '=', 'document').execute()
      for (const { ciphertext } of rows) expect(Buffer.from(ciphertext).includes(Buffer.from('Example Trading'))).toBe(false)
      expect(await refusalOf(client.companies.getDocument({ id, kind: 'bankPermit' }))).toMatchObject({ code: 'notFound' })
      expect(await client.companies.removeDocument({ id })).toMatchObject({ documents: [] })
      expect(await refusalOf(client.companies.removeDocument({ id }))).toMatchObject({ code: 'notFound' })
      expect(await secretsOf('document')).toBe(before)
    })

    test.each([
      ['a text called image', Buffer.from('%PDF-1.7 licence.png'), 'badImage'],
      ['a PNG whose pixels do not unpack', aPng({ rows: Buffer.from('x') }), 'badImage'],
      ['a PNG that unpacks to more than it says', aPng({ rows: Buffer.alloc(400_000) }), 'badImage'],
      ['a PNG that unpacks to less than it says', aPng({ rows: Buffer.alloc(10) }), 'badImage'],
      ['something behind the image', Buffer.concat([aJpeg(), Buffer.from('<script>')]), 'badImage'],
      ['more than 500 KB', Buffer.concat([aPng(), Buffer.alloc(512_001)]), 'tooLarge'],
    ])('%s is refused: %s', async (_what, bytes, code) => {
      const { client } = account
      const { id } = await client.companies.create(aCompany())
      expect(await refusalOf(client.companies.putDocument({ id, contentBase64: bytes.toString('base64') }))).toMatchObject({
        code,
      })
      expect(await client.companies.get({ id })).toMatchObject({ documents: [] })
    })
  })

  test.each([
    ['a country in words', { country: 'China' }],
    ['no registration number', { registrationNumber: ' ' }],
    ['an unknown type', { type: 'empire' as 'enterprise' }],
  ])('a company with %s is refused', async (_what, wish) => {
    expect(await refusalOf(account.client.companies.create(aCompany(wish)))).toMatchObject({ code: 'invalid' })
  })

  test('a token gives away only what it has, its name once, and does not end itself', async () => {
    const { client } = account
    const made = await client.tokens.create({ name: 'person', scopes: ['tokens:read', 'tokens:write', 'orders:read'] })
    const person = service.clientOf(made.token)
    expect(await refusalOf(person.tokens.create({ name: 'more', scopes: ['keys:download'] }))).toMatchObject({
      code: 'forbidden',
    })
    expect(await refusalOf(person.tokens.create({ name: 'person', scopes: ['orders:read'] }))).toMatchObject({
      code: 'duplicateName',
    })
    const { items } = await person.tokens.list()
    expect(items.filter(({ isCaller }) => isCaller)).toMatchObject([{ id: made.id, name: 'person' }])
    expect(JSON.stringify(items)).not.toContain(made.token)
    expect(await refusalOf(person.tokens.remove({ id: made.id }))).toMatchObject({ code: 'inUse' })
    expect(await refusalOf(person.tokens.create({ name: 'operator', scopes: ['orders:read'] }))).toMatchObject({
      code: 'duplicateName',
    })
    await client.tokens.remove({ id: made.id })
    expect(await refusalOf(person.tokens.list())).toMatchObject({ code: 'unauthenticated' })
  })

  test("the installation's first token cannot be ended by another", async () => {
    const { token } = await service.client.tokens.create({
      name: 'second operator',
      scopes: ['installation:operate', 'tokens:write'],
    })
    const { items } = await service.client.tokens.list()
    const first = items.find(({ name }) => name === 'operator')
    expect(await refusalOf(service.clientOf(token).tokens.remove({ id: first?.id ?? '' }))).toMatchObject({ code: 'inUse' })
    expect((await service.client.tokens.list()).items).toHaveLength(items.length)
  })

  async function secretsOf(purpose: string): Promise<number> {
    const rows = await service.services.db.selectFrom('secret').select('id').where('purpose', '=', purpose).execute()
    return rows.length
  }
})
