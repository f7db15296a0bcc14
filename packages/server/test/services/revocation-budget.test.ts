import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createOpensslCa, type OpensslCa } from '../../../../test/harness/openssl-ca.ts'
import { MINUTE_MS } from '../../src/domain/time.ts'
import { createRevocationChecker } from '../../src/services/revocation-checks/checker.ts'
import { anAccount, aSite, type TestAccount } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { oneDatabase, temporaryFolder } from '../support/databases.ts'
import { startPages, type Pages } from '../support/pages.ts'
import { startTestService, type TestService } from '../support/service.ts'

oneDatabase((_, open) => {
  let service: TestService
  let account: TestAccount
  let ca: OpensslCa
  let slow: Pages
  let quick: Pages
  const folder = temporaryFolder()
  const clock = createClock(Date.now())

  beforeAll(async () => {
    const worker = { scanMs: 2_000_000_000 } // rounds are the test's
    service = await startTestService({ database: await open(), clock, worker, environment: { EVERCERT_REVOCATION_HOURS: '6' } })
    account = await anAccount(service)
    ca = await createOpensslCa({ folder: join(folder, 'own') })
    ;[slow, quick] = await Promise.all([startPages(), startPages()])
  })
  afterAll(async () => {
    await service.stop()
    await Promise.all([slow.close(), quick.close()])
    rmSync(folder, { recursive: true, force: true })
  })

  const checkerOf = (roundMs: number) =>
    createRevocationChecker(service.services, new AbortController().signal, { hostMs: MINUTE_MS, roundMs })
  const upload = async (wish: { ocspUrl?: string; crlUrl?: string }): Promise<string> => {
    const { pem, keyPem } = await ca.issue({ name: aSite(service), ...wish })
    const name = aSite(service)
    return (await account.client.certificates.upload({ name, certificatePem: `${pem}${ca.pem}`, privateKeyPem: keyPem })).id
  }
  const statesOf = async (ids: readonly string[]) =>
    Promise.all(ids.map(async (id) => (await account.client.certificates.get({ id })).revocationCheck?.state))
  const countUnknown = async (ids: readonly string[]) => (await statesOf(ids)).filter((state) => state === 'unknown').length
  const dueIn = async () => {
    const { rows } = await sql<{ next_at: Date }>`select next_at from revocation_check where state = 'unknown'`.execute(
      service.services.db,
    )
    return rows.map((row) => row.next_at.getTime() - clock.now())
  }

  test('a responder that takes its time has a minute of a round; the others are asked meanwhile, and what is left is given back', async () => {
    const ocspUrl = `${slow.url}/ocsp`
    // Each answer takes 25 s by the service's clock: the third question would begin after 50 s, the fourth after 75 s.
    slow.pages.set('/ocsp', async (request) => {
      const body = await ca.answer(request, '-nmin', '30')
      clock.advance(25_000)
      return { body }
    })
    const list = await ca.crl()
    quick.pages.set('/list.crl', () => ({ body: list }))
    const ids = [await upload({ ocspUrl }), await upload({ ocspUrl }), await upload({ ocspUrl }), await upload({ ocspUrl })]
    const other = await upload({ crlUrl: `${quick.url}/list.crl` })
    expect(await checkerOf(3 * MINUTE_MS).round()).toBe(5)
    expect(await countUnknown([...ids, other])).toBe(1)
    expect(await statesOf([other])).toEqual(['good'])
    const [left, ...more] = await dueIn()
    expect(more).toEqual([])
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(MINUTE_MS) // and not when the claim runs out
    clock.advance(MINUTE_MS)
    await checkerOf(3 * MINUTE_MS).round()
    expect(await statesOf(ids)).toEqual(['good', 'good', 'good', 'good'])
  })

  test('a round that is over asks no host more', async () => {
    const list = await ca.crl()
    const paths = ['/a.crl', '/b.crl', '/c.crl']
    for (const path of paths)
      slow.pages.set(path, () => {
        clock.advance(25_000)
        return { body: list }
      })
    const ids = await Promise.all(paths.map((path) => upload({ crlUrl: `${slow.url}${path}` })))
    await checkerOf(45_000).round()
    expect(slow.asked.filter((path) => paths.includes(path))).toHaveLength(2)
    clock.advance(MINUTE_MS)
    await checkerOf(45_000).round()
    expect(await statesOf(ids)).toEqual(['good', 'good', 'good'])
  })
})
