/**
 * Certificates of an ACME CA, bought, installed, proved and renewed through the public API: HTTP-01 is answered by the service's own
 * listener. The CAs are real ones: Pebble, as hostile as it can be made, and Caddy.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CertificateDetail } from '@evercert/contract'
import { describe, expect, it, onTestFinished } from 'vitest'
import { canStartCaddy, startCaddy } from '../harness/caddy.ts'
import { startPebble, type PebbleOptions } from '../harness/pebble.ts'
import { buy, buyAndApply, connectAcme, productOf, type AcmeServer, type Connection, type DomainType } from './support/acme.ts'
import { longRun } from './support/long.ts'
import { openHouse, type House } from './support/house.ts'
import { apply, install, orderRenewal, waitForClose, waitForIssuance } from './support/renewal.ts'
import { waitFor } from './support/wait-for.ts'

const HOUR_MS = 3_600_000
/** When a certificate is renewed, before its end. */
const TIME_LEFT_MS = 12 * 24 * HOUR_MS

async function openHouseFor(names: readonly string[], proofPort: number): Promise<House> {
  const folder = await mkdtemp(join(tmpdir(), 'evercert-acme-'))
  const house = await openHouse({ folder, names, environment: { EVERCERT_HTTP01_PORT: String(proofPort) } })
  onTestFinished(async () => {
    await house.close()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  return house
}

interface Story {
  readonly server: AcmeServer
  readonly connection: Connection
  readonly domainType: DomainType
  readonly domains: readonly string[]
}

/** Bought, validated, installed, and seen to be served. */
async function buyAndServe(house: House, { server, connection, domainType, domains }: Story): Promise<CertificateDetail> {
  const [name = ''] = domains
  await connectAcme(house, server, connection)
  const bought = await buy(house, { productId: productOf(connection.issuerId, domainType), domains })
  expect([...bought.domains].sort()).toEqual([...domains].sort())
  await install(house, bought.id, name)
  expect(await house.site.servedSha256(name)).toBe(bought.sha256)
  return bought
}

/** The whole life: bought, served, due, renewed, served. */
async function buyAndRenew(house: House, story: Story): Promise<{ old: CertificateDetail; fresh: CertificateDetail }> {
  const [name = ''] = story.domains
  const old = await buyAndServe(house, story)
  expect((await house.call((client) => client.certificates.get({ id: old.id }))).renewal).toMatchObject({ eligible: false })
  // The CA's clock cannot be moved, so the service's is, for as long as it sells the renewal.
  await house.setClock(Date.parse(old.notAfter ?? '') - TIME_LEFT_MS - Date.now())
  const { items } = await house.call((client) => client.certificates.list({ status: 'expiringSoon' }))
  expect(items.map(({ id, renewal }) => ({ id, eligible: renewal.eligible }))).toEqual([{ id: old.id, eligible: true }])
  const freshId = await orderRenewal(house, old.id)
  await house.setClock(0)

  await apply(house, freshId)
  const fresh = await waitForClose(house, freshId, 120_000)
  expect(fresh).toMatchObject({ renewsCertificateId: old.id, domains: old.domains })
  expect(fresh.sha256).not.toBe(old.sha256)
  expect(await house.site.servedSha256(name)).toBe(fresh.sha256)
  expect(fresh.endpoints.flatMap(({ observations }) => observations.map(({ verdict }) => verdict))).toEqual(['served'])
  return { old, fresh }
}

async function startPebbleFor(options: PebbleOptions) {
  const pebble = await startPebble(options)
  onTestFinished(() => pebble.stop())
  return pebble
}

const EAB = { keyId: 'kid-1', hmacKey: 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W' }

describe('Pebble', () => {
  const cases: readonly [string, PebbleOptions, number][] = [
    ['at its hostile defaults', {}, 1],
    ['that never reuses an authorization', { authzReusePercent: 0 }, 2],
    ['that always reuses an authorization', { authzReusePercent: 100 }, 2],
    [
      'that refuses half the nonces, sleeps over validations, has long chains and wants an account binding',
      {
        nonceRejectPercent: 50,
        validationSleepSeconds: 3,
        chainLength: 3,
        alternateRoots: 2,
        eabKeys: { [EAB.keyId]: EAB.hmacKey },
      },
      3,
    ],
  ]
  // The last is the first and more.
  it.each(longRun(cases, (one) => one !== cases[0]))(
    '%s: bought, served, renewed, served',
    async (_which, options, nameCount) => {
      const domains = Array.from({ length: nameCount }, (_, index) => `site${index}.evercert.test`)
      const pebble = await startPebbleFor(options)
      const house = await openHouseFor(domains, pebble.httpPort)
      for (const name of domains) await pebble.dns.addA(name, [house.site.address])
      const { old, fresh } = await buyAndRenew(house, {
        server: pebble,
        connection: {
          issuerId: 'pebble',
          fileValidationHttpPort: pebble.httpPort,
          ...(options.eabKeys && { eab: EAB }),
        },
        domainType: nameCount === 1 ? 'single' : 'multi',
        domains,
      })
      expect(fresh.chainPem?.match(/BEGIN CERTIFICATE/g)).toHaveLength(1 + (options.chainLength ?? 1))
      expect(await pebble.certificateStatus(old.serial ?? '')).toBe('Valid')
      expect(await house.service().audit(old.id)).toMatchObject({
        acmeOrders: 2,
        certificates: 1,
        charges: [-10_000],
        ledgerSum: 0,
      })
    },
  )

  it('refuses a wrong account binding: the application says so and what to do', async () => {
    const pebble = await startPebbleFor({ eabKeys: { [EAB.keyId]: EAB.hmacKey } })
    const house = await openHouseFor(['shop.evercert.test'], pebble.httpPort)
    const wrong = { keyId: EAB.keyId, hmacKey: Buffer.alloc(32, 7).toString('base64url') }
    await connectAcme(house, pebble, { issuerId: 'pebble', eab: wrong })
    const id = await buyAndApply(house, { productId: productOf('pebble', 'single'), domains: ['shop.evercert.test'] })
    const { problem } = await waitFor('the refusal', async () => {
      const view = await house.call((client) => client.applications.get({ id }))
      return view.problem === null ? null : view
    })
    expect(problem).toMatchObject({ code: 'credentialsRejected', detail: expect.stringContaining('HMAC') as string })
  })

  it('does not find the proof: the application says so, and once that is corrected it is ordered anew by itself', async () => {
    const pebble = await startPebbleFor({ nonceRejectPercent: 30, authzReusePercent: 0 })
    const house = await openHouseFor(['shop.evercert.test'], pebble.httpPort)
    await connectAcme(house, pebble, { issuerId: 'pebble', fileValidationHttpPort: pebble.httpPort })
    // The service finds the file, the CA, which asks other name servers, does not.
    await pebble.dns.addA('shop.evercert.test', ['127.0.0.9'])
    const id = await buyAndApply(house, { productId: productOf('pebble', 'single'), domains: ['shop.evercert.test'] })
    const refused = await waitFor('the CA to look in the wrong place', async () => {
      const view = await house.call((client) => client.applications.get({ id }))
      return view.problem === null ? null : view
    })
    expect(refused).toMatchObject({ state: 'pendingValidation', problem: { code: 'validationFailed' } })
    expect(refused.retryAt).not.toBeNull()
    await pebble.dns.clearA('shop.evercert.test')
    await pebble.dns.addA('shop.evercert.test', [house.site.address])
    await waitForIssuance(house, id)
  })
})

describe('Caddy', () => {
  it.skipIf(!canStartCaddy())('twelve hours of life: bought, served, and due for a free reissue in the last third', async () => {
    const caddy = await startCaddy()
    onTestFinished(() => caddy.stop())
    const domains = ['shop.evercert.test']
    const house = await openHouseFor(domains, 80)
    house.dns.add('localhost', 'A', '127.0.0.1') // where Caddy's own certificate says that it is
    await caddy.dns.clearA('shop.evercert.test')
    await caddy.dns.addA('shop.evercert.test', [house.site.address])
    const bought = await buyAndServe(house, { server: caddy, connection: { issuerId: 'caddy' }, domainType: 'single', domains })
    const endsAt = Date.parse(bought.notAfter ?? '')
    const offerAt = async (instant: number) => {
      await house.setClock(instant - Date.now())
      const { status, renewal } = await house.call((client) => client.certificates.get({ id: bought.id }))
      return { status, action: renewal.action, reasons: renewal.reasons.map(({ code }) => code) }
    }
    const notYet = ['entitlementContinues', 'renewalNotYetOpen']
    expect(await offerAt(endsAt - 5 * HOUR_MS)).toEqual({ status: 'issued', action: null, reasons: notYet })
    const [paidFor] = notYet
    expect(await offerAt(endsAt - 3 * HOUR_MS)).toEqual({ status: 'expiringSoon', action: 'reissue', reasons: [paidFor] })
  })
})
