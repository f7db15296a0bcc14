/**
 * Kill -9 in what a renewal by file and by hand does not go through: TXT records, what a managed certificate does by itself, and a deployment
 * that is taken back. Each effect is done and not recorded when the process dies; nothing is done twice that must not be.
 */
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import type { ApplicationFormView, CertificateDetail } from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findProduct, issuedAtFor } from '../../demo/past.ts'
import { startBind, type Bind } from '../harness/bind.ts'
import type { KillPoint, Moment } from '../harness/crash-service.ts'
import { buy } from './support/acme.ts'
import { nameOf, pointsOf } from './support/crash-case.ts'
import { openHouse, type House } from './support/house.ts'
import { longRun } from './support/long.ts'
import { apply, freeSite, orderRenewal, waitForIssuance } from './support/renewal.ts'
import { waitFor } from './support/wait-for.ts'

const PRICE = -10_000
const DOMAIN = 'evercert.test'
const ALL_MOMENTS: readonly Moment[] = ['intended', 'done', 'recorded']
/** As elsewhere, a run of minutes has the moment at which the most is at stake. */
const MOMENTS = longRun(ALL_MOMENTS, (moment) => moment === 'done')

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-crash-others-'))
})
afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))

/** The process dies at this point of what is done meanwhile, and runs again. */
async function killAt<Value>(house: House, point: KillPoint, act: () => Promise<Value>): Promise<Value> {
  const ends = house.ends.length
  await house.service().arm(point, 'SIGKILL')
  const value = await act()
  await house.restarted(ends + 1)
  expect(house.ends.slice(ends)).toEqual(['SIGKILL'])
  return value
}

async function waitForRest(house: House, id: string): Promise<void> {
  await waitFor('nothing to be due', async () => ((await house.service().audit(id)).atRest ? true : null))
}

/** Within a house one case comes after the other. */
const IN_TURN = { concurrent: false } as const

// Two houses beside each other: what one waits for, the other uses.
describe.concurrent('TXT records', () => {
  let bind: Bind
  let house: House
  let form: Partial<ApplicationFormView>

  beforeAll(async () => {
    bind = await startBind()
    const nameServer = `127.0.0.1:${bind.port}`
    house = await openHouse({ folder: join(folder, 'txt'), names: [], environment: { EVERCERT_DNS_SERVERS: nameServer } })
    const { name, algorithm, secret } = bind.keys.sha256
    const config = { server: '127.0.0.1', port: bind.port, zone: bind.zone, keyName: name, algorithm, secret }
    const connection = await house.call((client) => client.dnsConnections.create({ name: 'BIND', kind: 'rfc2136', config }))
    form = { validationMethod: 'dnsAutomatic', dnsConnectionId: connection.id }
  })
  afterAll(async () => {
    await house.close()
    await bind.stop()
  })

  it.each(pointsOf(['publishProof', 'removeTxtRecords'], MOMENTS).map((point) => [nameOf(point), point] as const))(
    'is killed at %s: one certificate, and none of our records is left',
    IN_TURN,
    async (name, point) => {
      const below = `${name.replace(' ', '-').toLowerCase()}.${bind.zone}`
      const wish = { productId: 'evercert-private-dv-wildcard', domains: [`*.${below}`], form }
      const { id } = await killAt(house, point, () => buy(house, wish))
      await waitForRest(house, id)
      expect(await bind.lookupTxt(`_dnsauth.${below}`)).toEqual([])
      expect((await house.call((client) => client.certificates.list({ domain: below }))).items).toHaveLength(1)
    },
  )
})

describe.concurrent('without a person', () => {
  let house: House

  beforeAll(async () => {
    house = await openHouse({ folder: join(folder, 'file'), names: [] })
  })
  afterAll(() => house.close())

  const read = (id: string): Promise<CertificateDetail> => house.call((client) => client.certificates.get({ id }))

  /** Bought so long ago that twelve days of it are left. */
  async function buyOld(serverName: string): Promise<CertificateDetail> {
    house.dns.add(serverName, 'A', house.site.address)
    const { id: productId } = await house.call(findProduct)
    await house.setClock(issuedAtFor(Date.now()) - Date.now())
    const old = await buy(house, { productId, domains: [serverName] })
    await house.setClock(0)
    return old
  }

  it.each(pointsOf(['renewManaged', 'applyManaged'], MOMENTS).map((point) => [nameOf(point), point] as const))(
    'is killed at %s: one order, one charge, one application, one certificate',
    IN_TURN,
    async (name, point) => {
      const old = await buyOld(`${name.replace(' ', '-').toLowerCase()}.${DOMAIN}`)
      const spendingLimit = { amountMinor: -PRICE, currency: 'CNY' }
      await killAt(house, point, () => house.call((client) => client.management.start({ id: old.id, spendingLimit })))
      const newId = await waitFor('the renewal', async () => (await read(old.id)).renewedByCertificateId)
      const fresh = await waitForIssuance(house, newId)
      expect(await house.service().audit(old.id)).toMatchObject({
        orders: ['paid'],
        payments: ['succeeded'],
        charges: [PRICE],
        ledgerSum: 0,
        balanceError: 0,
        certificates: 1,
        applications: ['issued'],
        builtinOrders: ['issued'],
        issuances: [{ sha256: fresh.sha256, keyMatches: true }],
      })
    },
  )

  it.each(MOMENTS)(
    'is killed at restoreDeployment %s: the site serves what it served, and the deployment says why',
    IN_TURN,
    async (moment) => {
      const serverName = `restore-${moment}.${DOMAIN}`
      const old = await buyOld(serverName)
      const { site } = house
      // Like a server whose reload says that all is well, and did nothing.
      const stuck = join(folder, 'stuck')
      await freeSite(house)
      const [shell, flag, reload] = site.target.reloadCommand
      const reloadCommand = [shell ?? '', flag ?? '', `test -e '${stuck}' || ${reload ?? ''}`]
      await house.call((client) =>
        client.targets.create({
          certificateId: old.id,
          name: `site of ${serverName}`,
          kind: 'localFiles',
          config: { ...site.target, reloadCommand },
          probe: { host: site.address, port: site.port, serverName },
        }),
      )
      await waitFor('the old certificate to be served', async () =>
        (await read(old.id)).targets.every(({ deployment }) => deployment?.state === 'proved') ? true : null,
      )
      writeFileSync(stuck, '')
      const newId = await orderRenewal(house, old.id)
      const deployment = await killAt(house, { step: 'restoreDeployment', moment }, async () => {
        await apply(house, newId)
        return waitFor('the deployment to be taken back', async () => {
          const [target] = (await read(newId)).targets
          return target?.deployment?.state === 'rolledBack' ? target.deployment : null
        })
      })
      rmSync(stuck)
      expect(deployment.problem).toMatch(/serves|old/u)
      expect(await site.servedSha256(serverName)).toBe(old.sha256)
    },
  )

  it(
    'is killed in the middle of a reload: the target cannot be deleted until that was ended, and nothing is left on the host',
    IN_TURN,
    async () => {
      const serverName = `deleted.${DOMAIN}`
      const old = await buyOld(serverName)
      const { site } = house
      const killed = join(folder, 'killed')
      await freeSite(house)
      const [shell, flag, reload] = site.target.reloadCommand
      // The service, which started it, dies before the server has read the new pair.
      const reloadCommand = [
        shell ?? '',
        flag ?? '',
        `test -e '${killed}' || { : > '${killed}'; kill -KILL $PPID; exit 1; }; ${reload ?? ''}`,
      ]
      const ends = house.ends.length
      const { id } = await house.call((client) =>
        client.targets.create({
          certificateId: old.id,
          name: `site of ${serverName}`,
          kind: 'localFiles',
          config: { ...site.target, reloadCommand },
          probe: { host: site.address, port: site.port, serverName },
        }),
      )
      await house.restarted(ends + 1)
      const folderOfPairs = join(dirname(site.target.certificatePath), `.${basename(site.target.certificatePath)}.evercert`)
      expect(readdirSync(folderOfPairs)).toEqual(expect.arrayContaining(['lock', 'pending-reload']))
      const refusals = new Set<string>()
      await waitFor('the target to be deleted', async () => {
        try {
          await house.call((client) => client.targets.remove({ id }))
          return true
        } catch (error) {
          if (!(error instanceof ApiProblem)) throw error
          refusals.add(error.problem.code)
          return null
        }
      })
      expect([...refusals]).toEqual(['deploymentUnderWay'])
      expect(await site.servedSha256(serverName)).toBe(old.sha256)
      expect(readdirSync(folderOfPairs).filter((name) => ['lock', 'pending-reload', 'fallback'].includes(name))).toEqual([])
      const { history } = await read(old.id)
      expect(history.flatMap(({ subject, to }) => (subject === 'deployment' ? [to] : [])).slice(0, 2)).toEqual([
        'proved',
        'applied',
      ])
    },
  )
})
