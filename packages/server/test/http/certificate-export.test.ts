import { afterAll, beforeAll, expect, test } from 'vitest'
import { certificateView, MAX_SELECTED } from '@evercert/contract'
import { openExport } from '@evercert/contract/client'
import { identify } from '../../src/services/access/callers.ts'
import { exportCertificates } from '../../src/services/certificate-export.ts'
import { anAccount, anUpload, refusalOf, type TestAccount } from '../support/builders.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const isSome = (count: number): boolean => count > 0

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
    account = await anAccount(service, { balanceMinor: 0 })
    for (const name of ['=cmd()', '商店', 'plain, "quoted"']) await anUpload(account, { name, daysLeft: 200 })
  })
  afterAll(() => service.stop())

  type Wish = Parameters<typeof openExport>[1]

  async function read(wish: Wish): Promise<string> {
    const body = await openExport({ url: service.url, token: account.token }, wish)
    return Buffer.from(await new Response(body).arrayBuffer()).toString()
  }

  test('CSV: a header, the rows of the list in its order, and no cell that a spreadsheet would run', async () => {
    const [header = '', ...rows] = (await read({ format: 'csv', sort: 'name' })).split('\r\n')
    expect(header).toMatch(/^\uFEFFid,name,status,/)
    expect(rows.slice(0, -1).map((row) => row.split(',').slice(1, 3).join(','))).toEqual([
      "'=cmd(),issued",
      '"plain, ""quoted"""',
      '商店,issued',
    ])
    expect(rows.at(-1)).toBe('')
  })

  test('JSON: one document in each line, as the list shows it', async () => {
    const lines = (await read({ format: 'json', name: '商' })).split('\n').slice(0, -1)
    const [view] = lines.map((line) => certificateView.parse(JSON.parse(line)))
    expect(lines).toHaveLength(1)
    expect(view?.name).toBe('商店')
    expect(await read({ format: 'json', name: 'nothing like it' })).toBe('')
  })

  test('a selection: those that are named, in the order of the list, and of nobody else’s anything', async () => {
    const { items } = await account.client.certificates.list({ sort: 'name' })
    const [first, second, third] = items.map(({ id }) => id) as [string, string, string]
    const other = await anAccount(service, { balanceMinor: 0 })
    const theirs = (await anUpload(other, { name: 'theirs', daysLeft: 200 })).id
    const idsOf = async (wish: Wish): Promise<string[]> =>
      (await read(wish))
        .split('\n')
        .slice(0, -1)
        .map((line) => certificateView.parse(JSON.parse(line)).id)
    expect(await idsOf({ format: 'json', sort: 'name', ids: [third, theirs, first, 'crt_none', first] })).toEqual([first, third])
    expect(await idsOf({ format: 'json', sort: '-name', ids: [first, third] })).toEqual([third, first])
    expect(await idsOf({ format: 'json', ids: [first, second], name: 'plain' })).toEqual([second]) // within the filter
    expect(await read({ format: 'json', ids: [theirs] })).toBe('')
    // Who sees those with a tag alone gets no other by its id.
    await account.client.certificates.tag({ id: first, add: ['seen'], remove: [] })
    const { token } = await account.client.tokens.create({ name: 'narrow', scopes: ['certificates:read'], tags: ['seen'] })
    const narrowed = await openExport({ url: service.url, token }, { format: 'json', ids: [first, second] })
    expect((await new Response(narrowed).text()).match(/"id":"crt_[^"]+"/g)).toEqual([`"id":"${first}"`])
    // What is closed is left out of the list; somebody who names it means it.
    await account.client.certificates.remove({ id: third })
    expect(await idsOf({ format: 'json', sort: 'name' })).toEqual([first, second])
    expect(await idsOf({ format: 'json', ids: [second, third], sort: 'name' })).toEqual([second, third])
    expect(await refusalOf(read({ format: 'csv', ids: [] }))).toMatchObject({ code: 'invalid', status: 400 })
    const tooMany = Array.from({ length: MAX_SELECTED + 1 }, () => first)
    expect(await refusalOf(read({ format: 'csv', ids: tooMany }))).toMatchObject({ code: 'invalid', status: 400 })
  })

  test('memory does not grow with the rows: the next are read when the last ones were taken, and none for a reader who left', async () => {
    let asked = 0
    // Each row that is shown asks for the time.
    const services = { ...service.services, now: () => ((asked += 1), service.clock.now()) }
    const caller = await identify(services, { token: account.token, headers: new Headers(), accountId: null })
    const { body } = exportCertificates(services, caller.caller, { format: 'json' }, 1)
    const settle = () => account.client.certificates.list({}) // whatever was under way is through before it
    const reader = body.getReader()
    const steps: number[] = []
    for (let page = 0; page < 2; page += 1) {
      asked = 0
      expect(Buffer.from((await reader.read()).value ?? []).toString()).toMatch(/^\{[^\n]*\}\n$/)
      steps.push(asked)
      asked = 0
      await settle()
      steps.push(asked)
    }
    await reader.cancel()
    await settle()
    expect(steps).toEqual([expect.any(Number), 0, expect.any(Number), 0])
    expect([steps[0], steps[2], asked]).toEqual([expect.toSatisfy(isSome), expect.toSatisfy(isSome), 0])
  })

  test('is answered as a file that is not kept', async () => {
    const response = await service.fetch('/api/v1/certificates/export', {
      method: 'POST',
      headers: { authorization: `Bearer ${account.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ format: 'csv' }),
    })
    await response.body?.cancel()
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="certificates-\d{4}-\d\d-\d\d\.csv"$/)
    expect(response.headers.get('cache-control')).toBe('no-store')
  })

  test('a wrong filter is refused before anything is sent', async () => {
    expect(await refusalOf(read({ format: 'csv', fingerprint: 'not hex' }))).toMatchObject({ code: 'invalid', status: 400 })
    expect(await refusalOf(read({ format: 'xml' } as unknown as Wish))).toMatchObject({ code: 'invalid' })
  })
})
