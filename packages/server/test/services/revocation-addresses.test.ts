/** What a certificate says about where to ask is a stranger's word: nothing is dialled that the operator does not allow. */
import { createServer, type Server } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createOpensslCa, type OpensslCa } from '../../../../test/harness/openssl-ca.ts'
import { createRevocationChecker } from '../../src/services/revocation-checks/checker.ts'
import { anAccount, aSite, type TestAccount } from '../support/builders.ts'
import { createClock } from '../support/clock.ts'
import { openerOf } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const open = openerOf('embedded')
const REBOUND = 'rebound.example.com'
const MOVED = 'moved.example.com'
/** Of this machine too, but not allowed. */
const FORBIDDEN = '127.0.0.2'
let service: TestService
let account: TestAccount
let folder: string
let ca: OpensslCa
/** What is behind the allowed address, and behind the one that is not. */
let sites: readonly { readonly server: Server; readonly port: number; readonly asked: string[] }[]

/** Leads on to the forbidden address, by its number, or by a name whose address is another from now on. */
function answer(path: string): string | null {
  if (path.startsWith('/redirect')) return `http://${FORBIDDEN}:${portOf('forbidden')}/secret`
  if (!path.startsWith('/rebind')) return null
  service.dns.remove(REBOUND, 'A')
  service.dns.add(REBOUND, 'A', FORBIDDEN)
  return `http://${REBOUND}:${portOf('forbidden')}/secret`
}

const portOf = (which: 'allowed' | 'forbidden'): number => sites[which === 'allowed' ? 0 : 1]?.port ?? 0

async function startSite(host: string) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    const location = host === FORBIDDEN ? null : answer(request.url ?? '')
    request.resume()
    response.writeHead(location === null ? 200 : 307, location === null ? {} : { location }).end()
  })
  await new Promise<void>((resolve) => void server.listen(0, host, resolve))
  return { server, port: (server.address() as AddressInfo).port, asked }
}

beforeAll(async () => {
  const environment = { EVERCERT_REVOCATION_HOURS: '6', EVERCERT_ALLOW_ADDRESSES: '127.0.0.1' }
  service = await startTestService({ database: await open(), clock: createClock(Date.now()), worker: IDLE_WORKER, environment })
  account = await anAccount(service)
  folder = mkdtempSync(join(tmpdir(), 'evercert-addresses-'))
  ca = await createOpensslCa({ folder })
  sites = [await startSite('127.0.0.1'), await startSite(FORBIDDEN)]
  service.dns.add(MOVED, 'A', FORBIDDEN)
})
beforeEach(() => {
  service.dns.remove(REBOUND, 'A')
  service.dns.add(REBOUND, 'A', '127.0.0.1')
  for (const { asked } of sites) asked.length = 0
})
afterAll(async () => {
  await service.stop()
  for (const { server } of sites) {
    await new Promise<void>((resolve) => {
      server.close(() => resolve()).closeAllConnections()
    })
  }
  rmSync(folder, { recursive: true, force: true })
})

const WAYS = {
  'by its number': () => `http://${FORBIDDEN}:${portOf('forbidden')}/secret`,
  'by the metadata address of clouds': () => 'http://169.254.169.254/latest/meta-data/',
  'by a name that has it': () => `http://${MOVED}:${portOf('forbidden')}/secret`,
  'by a redirect': (path: string) => `http://127.0.0.1:${portOf('allowed')}/redirect${path}`,
  'by DNS rebinding': (path: string) => `http://${REBOUND}:${portOf('allowed')}/rebind${path}`,
}
const KINDS = ['crlUrl', 'ocspUrl', 'issuerUrl'] as const

test.each(KINDS.flatMap((kind) => Object.entries(WAYS).map(([way, place]) => ({ kind, way, place }))))(
  'an address that is forbidden is not asked: $kind, $way',
  async ({ kind, place }) => {
    const url = place(`/${kind}`)
    // Whose issuer is unknown is asked about only when that was fetched.
    const more = kind === 'issuerUrl' ? { crlUrl: `http://127.0.0.1:${portOf('allowed')}/list` } : {}
    const leaf = await ca.issue({ name: aSite(service), ...more, [kind]: url })
    const { id } = await account.client.certificates.upload({
      name: basename(leaf.file),
      certificatePem: kind === 'issuerUrl' ? leaf.pem : `${leaf.pem}${ca.pem}`,
      privateKeyPem: leaf.keyPem,
    })
    await createRevocationChecker(service.services, new AbortController().signal).round()
    const { revocationCheck } = await account.client.certificates.get({ id })
    const isLed = /redirect|rebind\//.test(url)
    const code = kind === 'issuerUrl' ? 'issuerUnknown' : kind === 'ocspUrl' && isLed ? 'unreachable' : 'addressForbidden' // a POST follows no redirect
    expect(revocationCheck).toMatchObject({ state: 'unknown', problem: { code } })
    const [allowed, forbidden] = sites
    expect(forbidden?.asked).toEqual([])
    const led = allowed?.asked.filter((path) => path !== '/list') ?? []
    expect(led).toHaveLength(isLed ? 1 : 0) // it was really led there
  },
)
