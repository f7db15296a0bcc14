/**
 * Validation by DNS against a real BIND: automatic through RFC 2136, and by hand; by Pebble, which asks that BIND, and by the built-in CA.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ApplicationFormView, CertificateDetail } from '@evercert/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBind, type Bind } from '../harness/bind.ts'
import { startPebble, type Pebble } from '../harness/pebble.ts'
import { buy, buyAndApply, connectAcme, productOf } from './support/acme.ts'
import { openHouse, type House } from './support/house.ts'
import { nsupdate } from './support/nsupdate.ts'
import { apply, install, orderRenewal, waitForClose, waitForIssuance } from './support/renewal.ts'
import { waitFor } from './support/wait-for.ts'

const DAY_MS = 86_400_000

let folder: string
let bind: Bind
let pebble: Pebble
let house: House
let connectionId: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-dns01-'))
  bind = await startBind()
  const nameServer = `127.0.0.1:${bind.port}`
  pebble = await startPebble({ dnsServer: nameServer, authzReusePercent: 0 })
  house = await openHouse({ folder, names: [], environment: { EVERCERT_DNS_SERVERS: nameServer } })
  await connectAcme(house, pebble, { issuerId: 'pebble' })
  const { name, algorithm, secret } = bind.keys.sha256
  const config = { server: '127.0.0.1', port: bind.port, zone: bind.zone, keyName: name, algorithm, secret }
  const connection = await house.call((client) => client.dnsConnections.create({ name: 'BIND', kind: 'rfc2136', config }))
  connectionId = connection.id
})
afterAll(async () => {
  await house.close()
  await pebble.stop()
  await bind.stop()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Each CA with the name of its TXT record for the zone, and what sells its wildcards. */
const CAS = [
  ['Pebble', '_acme-challenge', productOf('pebble', 'wildcard')],
  ['the built-in CA', '_dnsauth', 'evercert-private-dv-wildcard'],
] as const

const automatic = (): Partial<ApplicationFormView> => ({ validationMethod: 'dnsAutomatic', dnsConnectionId: connectionId })

async function waitUntilRemoved(record: string): Promise<void> {
  await waitFor(`no value of ours at ${record}`, async () =>
    (await bind.lookupTxt(record)).join() === 'of somebody else' ? true : null,
  )
}

async function renew(old: CertificateDetail): Promise<CertificateDetail> {
  await house.setClock(Date.parse(old.notAfter ?? '') - 12 * DAY_MS - Date.now())
  const id = await orderRenewal(house, old.id)
  await house.setClock(0)
  const { form } = await house.call((client) => client.applications.get({ id }))
  expect(form).toMatchObject({ ...automatic(), domains: old.domains })
  await apply(house, id)
  return waitForClose(house, id)
}

describe.each(CAS)('by %s', (_ca, label, productId) => {
  const record = (): string => `${label}.${bind.zone}`
  const wildcard = (below: string): string => `*.${below}${bind.zone}`

  it('a wildcard is validated automatically, served and renewed; the records are removed, and those of others stay', async () => {
    await nsupdate(bind, [`add ${record()} 60 TXT "of somebody else"`])
    const old = await buy(house, { productId, domains: [wildcard('')], form: automatic() })
    expect(old.domains).toEqual([wildcard('')])
    await waitUntilRemoved(record())
    // The zone has no address for the site: the endpoint is an address with the name that clients ask for.
    await install(house, old.id, `${label.replace('_', '')}.${bind.zone}`, house.site.address)
    expect(await house.site.servedSha256(`shop.${bind.zone}`)).toBe(old.sha256)
    const fresh = await renew(old)
    expect(await house.site.servedSha256(`shop.${bind.zone}`)).toBe(fresh.sha256)
    await waitUntilRemoved(record())
  })

  it('by hand: the view shows the record, and the check finds it once it is there', async () => {
    const below = `${label.replace('_', '')}.`
    const id = await buyAndApply(house, { productId, domains: [wildcard(below)], form: { validationMethod: 'dnsManual' } })
    const waiting = await waitFor('what is missing', async () => {
      const view = await house.call((client) => client.applications.get({ id }))
      return view.validations.some(({ problem }) => problem !== null) ? view : null
    })
    expect(waiting.state).toBe('pendingValidation')
    expect(waiting.problem).toMatchObject({ code: 'validationFailed' })
    const [validation] = waiting.validations
    const location = `${label}.${below}${bind.zone}`
    expect(validation).toMatchObject({ method: 'dns', location, state: 'pending' })
    expect(validation?.problem).toContain(`no TXT record`)
    await nsupdate(bind, [`add ${location} 60 TXT "${validation?.content ?? ''}"`])
    await house.call((client) => client.applications.check({ id }))
    const issued = await waitForIssuance(house, id)
    expect(issued.domains).toEqual([wildcard(below)])
    // Put there by hand, removed by hand.
    expect(await bind.lookupTxt(location)).toEqual([validation?.content])
  })
})
