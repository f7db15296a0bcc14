import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFirstOperatorLink } from '../../src/services/access/first-operator.ts'
import { openBrowser, tokenOf } from '../support/browser.ts'
import { openerOf } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const ADA = { email: 'ada@example.com', password: 'a violet tractor sings', name: 'Ada Example' }

const open = openerOf('embedded')
let service: TestService
beforeAll(async () => {
  service = await startTestService({ database: await open(), worker: IDLE_WORKER })
  const token = tokenOf(await createFirstOperatorLink(service.services, service.url))
  await openBrowser(service).send('POST', '/api/v1/first-operator', { body: { token, ...ADA } })
})
afterAll(() => service.stop())

test('failures with ever other e-mail addresses are counted by the network address that they come from', async () => {
  const guess = async (number: number) =>
    (await openBrowser(service).signIn({ email: `nobody${number}@example.com`, password: 'wrong in every way' })).status
  const statuses: number[] = []
  for (let number = 1; number <= 32; number += 1) statuses.push(await guess(number))
  expect(statuses.slice(0, 30)).toEqual(Array.from({ length: 30 }, () => 401))
  expect(statuses.slice(30)).toEqual([429, 429])
  expect(await openBrowser(service).signIn(ADA)).toMatchObject({ status: 429, problem: { code: 'rateLimited' } })
  service.clock.advance(30_000)
  expect((await openBrowser(service).signIn(ADA)).status).toBe(200)
})
