/** Names and titles are one line: in mails, logs, tables and files of others a line break would begin something else. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ONE_LINE } from '@evercert/contract'
import { aCompany, aForeignCertificate, anAccount, anUpload, refusalOf, withKey, type TestAccount } from '../support/builders.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

/** Texts of input that are no names: PEM, secrets, ids, filters, reasons and output of several lines, and what is checked as a domain, host or path. */
const NO_LINES = new Set(
  `accountId anyTags brand certificateId certificatePath certificatePem checkpoint clientSecret companyId contactId contentBase64 csrId csrPem
  deviceCode dnsConnectionId domain domains evidence file fingerprint holding host ids issuer issuerId keyPath kind lease lines password privateKeyPem productId
  productIds publicKeyPem reason renewsCertificateId rootPem search serial server serverName serverNames signature statement tags timeZone token
  userCode why workId`.split(/\s+/u),
)
/** Where a name is a filter, a domain, or checked by the service because it is refused for itself alone. */
const NAMES_CHECKED_OTHERWISE = new Set([
  '/certificates/export name',
  '/names/assign name',
  '/names/release name',
  '/certificate-uploads name',
])

interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly pattern?: string
  readonly format?: string
  readonly enum?: unknown
  readonly const?: unknown
}

interface Document {
  readonly paths: Readonly<Record<string, Record<string, { requestBody?: { content: Record<string, { schema: Schema }> } }>>>
}

/** Every text of an input that nothing but its length limits. */
function freeTexts(schema: Schema, name = ''): string[] {
  const inner = [
    ...Object.entries(schema.properties ?? {}).flatMap(([key, value]) => freeTexts(value, key)),
    ...(schema.items === undefined ? [] : freeTexts(schema.items, name)),
    ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((each) => freeTexts(each, name)),
  ]
  const isLimited = ['pattern', 'format', 'enum', 'const'].some((key) => key in schema)
  return schema.type === 'string' && !isLimited ? [...inner, name] : inner
}

test('every text of an input is one line, or is known to be something else', () => {
  const file = join(import.meta.dirname, '../../../../docs/generated/openapi.json')
  const { paths } = JSON.parse(readFileSync(file, 'utf8')) as Document
  const found = Object.entries(paths).flatMap(([path, operations]) =>
    Object.values(operations).flatMap(({ requestBody }) =>
      Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => freeTexts(schema).map((name) => ({ path, name }))),
    ),
  )
  expect(found.length).toBeGreaterThan(50)
  const unknown = found.filter(({ path, name }) => !NO_LINES.has(name) && !NAMES_CHECKED_OTHERWISE.has(`${path} ${name}`))
  expect(unknown).toEqual([])
})

test.each(['a\nb', 'a\r\nBcc: x@example.com', 'a\u001B[31mb', 'a\u0085b', 'a\u2028b', 'evil\u202Egpj.exe', '\u2066a'])(
  '%j is not one line',
  (text) => expect(ONE_LINE.test(text)).toBe(false),
)
test.each(['', 'shop', 'O’Neill & Söhne GmbH', '上海示例科技有限公司', 'שלום', '👩‍💻'])('%j is one line', (text) => {
  expect(ONE_LINE.test(text)).toBe(true)
})

const HOSTILE = 'shop\r\nBcc: victim@example.com'

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  test('is refused wherever something gets a name, and nothing is stored', async () => {
    const { client } = account
    const { id } = await anUpload(account)
    const before = await client.certificates.list({})
    const settings = await client.noticeSettings.get()
    const invoice = { instructions: 'Bank', dueDays: 14 }
    const calls: readonly (() => Promise<unknown>)[] = [
      () => client.certificates.rename({ id, name: HOSTILE }),
      () => client.accounts.create({ name: HOSTILE }),
      () => client.contacts.create({ name: HOSTILE, email: 'a@example.com', phone: '123456' }),
      () => client.contacts.create({ name: 'A', email: 'a@example.com', phone: '123\r\n456' }),
      () => client.companies.create({ ...aCompany(), name: HOSTILE }),
      () => client.csrs.create({ name: HOSTILE, domains: ['a.example.com'] }),
      () => client.tokens.create({ name: HOSTILE, scopes: ['certificates:read'] }),
      () => client.channels.create({ name: HOSTILE, kind: 'webhook', config: {} }),
      () => client.issuers.create({ title: HOSTILE, kind: 'builtin', config: {} } as never),
      () => client.paymentConnections.create({ id: 'bank', title: HOSTILE, kind: 'offlineInvoice', config: invoice }),
      () => client.balance.topUp({ amountMinor: 1, currency: 'CNY', note: HOSTILE }, withKey()),
      () =>
        client.noticeSettings.set({
          ...settings,
          recipients: [{ name: HOSTILE, email: 'a@example.com' }],
        }),
    ]
    for (const call of calls) expect(await refusalOf(call())).toMatchObject({ code: 'invalid', status: 400 })
    expect(await client.certificates.list({})).toEqual(before)
    expect((await client.contacts.list()).items).toEqual([])
    expect((await client.companies.list()).items).toEqual([])
  })

  test('an upload, alone or among many, is refused for its name alone', async () => {
    const { chainPem: certificatePem, privateKeyPem } = aForeignCertificate(service)
    const pair = { certificatePem, privateKeyPem }
    expect(await refusalOf(account.client.certificates.upload({ name: HOSTILE, ...pair }))).toMatchObject({ code: 'invalid' })
    const { outcomes } = await account.client.uploads.create({
      entries: [
        { name: HOSTILE, ...pair },
        { name: 'one line', ...pair },
      ],
    })
    expect(outcomes).toMatchObject([
      { result: 'refused', problem: { code: 'invalid', facts: { field: 'name' } } },
      { result: 'stored', name: 'one line' },
    ])
  })

  test('two ways to write one name are one name: it is kept composed (NFC), compared and found so', async () => {
    const { client } = account
    const [composed, decomposed] = ['caf\u00E9', 'cafe\u0301']
    const first = await anUpload(account, { name: decomposed })
    expect(first.name).toBe(composed)
    const { chainPem: certificatePem, privateKeyPem } = aForeignCertificate(service)
    const pair = { certificatePem, privateKeyPem }
    for (const name of [composed, decomposed])
      expect(await refusalOf(client.certificates.upload({ name, ...pair }))).toMatchObject({ code: 'duplicateName' })
    const second = await anUpload(account, { name: 'bar' })
    expect(await refusalOf(client.certificates.rename({ id: second.id, name: decomposed }))).toMatchObject({
      code: 'duplicateName',
    })
    await client.certificates.tag({ id: second.id, add: [`\u00E9`, `e\u0301`] })
    const found = async (filter: Parameters<typeof client.certificates.list>[0]) =>
      (await client.certificates.list(filter)).items.map(({ id }) => id)
    expect(await found({ search: decomposed })).toEqual([first.id])
    expect(await found({ name: decomposed })).toEqual([first.id])
    expect(await found({ tags: 'e\u0301' })).toEqual([second.id])
    expect((await client.certificates.get({ id: second.id })).tags).toEqual(['\u00E9'])
    expect((await client.contacts.create({ name: decomposed, email: 'a@example.com', phone: '123456' })).name).toBe(composed)
  })

  test('an export has one line for each record, whatever is in the names', async () => {
    const { client } = account
    await anUpload(account, { name: '=HYPERLINK("https://x.example","shop"), a' })
    const lines = await exported()
    expect(lines.length).toBe((await client.certificates.list({ limit: 200 })).items.length)
    expect(lines.some((line) => line.includes(`"'=HYPERLINK(""https://x.example"",""shop""), a"`))).toBe(true)
  })

  /** The records of the CSV, without its head. */
  async function exported(): Promise<string[]> {
    const response = await service.fetch('/api/v1/certificates/export', {
      method: 'POST',
      headers: { authorization: `Bearer ${account.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ format: 'csv' }),
    })
    expect(response.status).toBe(200)
    return (await response.text())
      .trimEnd()
      .split(/\r\n|\n|\r/)
      .slice(1)
  }
})
