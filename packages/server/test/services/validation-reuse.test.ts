/** A domain that was proved at an issuer is not proved again there, as long as the dated table allows, and only for who proved it. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { DAY_MS } from '../../src/domain/time.ts'
import { advanceCertificate } from '../../src/services/advance/advance.ts'
import {
  aForm,
  anAccount,
  aSite,
  buyCertificate,
  PRIVATE_MULTI,
  PRIVATE_SINGLE,
  PUBLIC_SINGLE,
  type TestAccount,
} from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { eachDatabase } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  const clock = createClock(DEFAULT_START)
  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock, worker: IDLE_WORKER })
    account = await anAccount(service)
  })
  beforeEach(() => clock.moveTo(DEFAULT_START))
  afterAll(() => service.stop())

  async function apply(of: TestAccount, productId: string, domains: readonly string[]) {
    const { id } = await buyCertificate(of, { productId, domainCount: domains.length })
    await of.client.applications.submit({ id, ...aForm(domains) })
    await advanceCertificate(service.services, id, new AbortController().signal)
    const { state, validations } = await of.client.applications.get({ id })
    return { state, validations: new Map(validations.map((each) => [each.domain, each])) }
  }

  test('the second application is issued by the proof of the first, and says so', async () => {
    const site = aSite(service)
    const first = await apply(account, PRIVATE_SINGLE, [site])
    expect([first.state, first.validations.get(site)?.reused]).toEqual(['issued', false])
    const provedAt = Date.parse(first.validations.get(site)?.validatedAt ?? '')
    for (const days of [50, 101]) {
      clock.moveTo(DEFAULT_START + days * DAY_MS)
      const { state, validations } = await apply(account, PRIVATE_SINGLE, [site])
      expect([state, validations.get(site)]).toMatchObject(['issued', { state: 'valid', reused: true }])
      // As old as the proof was, by the CA's record of it: taking it over makes it no younger.
      expect(Math.abs(Date.parse(validations.get(site)?.validatedAt ?? '') - provedAt)).toBeLessThan(60_000)
    }
    clock.moveTo(DEFAULT_START + 115 * DAY_MS) // the rule is 100 days by then
    expect((await apply(account, PRIVATE_SINGLE, [site])).validations.get(site)).toMatchObject({ reused: false })
  })

  test.each([
    ['2026-04-01T00:00:00Z', 199, true],
    ['2026-04-01T00:00:00Z', 201, false],
    ['2027-04-01T00:00:00Z', 99, true],
    ['2027-04-01T00:00:00Z', 101, false],
    ['2029-04-01T00:00:00Z', 9, true],
    ['2029-04-01T00:00:00Z', 11, false],
    // The rule of the day on which it is used, not of the one on which it was given.
    ['2027-03-01T00:00:00Z', 60, true],
    ['2026-12-01T00:00:00Z', 110, false],
    ['2029-03-01T00:00:00Z', 20, false],
  ])('proved on %s and used %i days later: reused is %s', async (provedOn, days, reused) => {
    const site = aSite(service)
    clock.moveTo(Date.parse(provedOn))
    await apply(account, PUBLIC_SINGLE, [site])
    clock.moveTo(Date.parse(provedOn) + days * DAY_MS)
    const { state, validations } = await apply(account, PUBLIC_SINGLE, [site])
    expect([state, validations.get(site)?.reused]).toEqual(['issued', reused])
  })

  test('only the names that were proved are taken over', async () => {
    const [known, fresh] = [aSite(service), aSite(service)]
    await apply(account, PRIVATE_SINGLE, [known])
    const { state, validations } = await apply(account, PRIVATE_MULTI, [known, fresh])
    expect(state).toBe('issued')
    expect([validations.get(known)?.reused, validations.get(fresh)?.reused]).toEqual([true, false])
  })

  test('not at another issuer, and not for another account', async () => {
    const site = aSite(service)
    await apply(account, PRIVATE_SINGLE, [site])
    expect((await apply(account, PUBLIC_SINGLE, [site])).validations.get(site)?.reused).toBe(false)
    const other = await anAccount(service)
    await expect(apply(other, PRIVATE_SINGLE, [site])).rejects.toThrow('another account')
    // Given to the other account it is a name that this one proves anew.
    await service.client.names.assign({ name: site, accountId: other.accountId })
    expect((await apply(other, PRIVATE_SINGLE, [site])).validations.get(site)?.reused).toBe(false)
  })

  test('a name that was given up is proved anew: the proof of before is not offered to the CA', async () => {
    const site = aSite(service)
    await apply(account, PRIVATE_SINGLE, [site])
    await service.client.names.release({ name: site })
    const { state, validations } = await apply(account, PRIVATE_SINGLE, [site])
    expect([state, validations.get(site)?.reused]).toEqual(['issued', false])
    expect((await apply(account, PRIVATE_SINGLE, [site])).validations.get(site)?.reused).toBe(true)
  })
})
