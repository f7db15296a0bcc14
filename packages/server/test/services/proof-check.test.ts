/**
 * The look for a validation file, over https and http as the built-in CA takes them.
 */
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRoot } from '../../../../test/harness/certificates.ts'
import type { CaCapabilities } from '../../src/ports/ca.ts'
import { findMissingProof, type ProofToFind } from '../../src/services/advance/proof-check.ts'
import { openerOf } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

const NAME = 'site.example.com'
const PATH = '/.well-known/pki-validation/fileauth.txt'
const PROOF: ProofToFind = { ref: 'one', identifier: NAME, method: 'file', location: PATH, content: 'the token' }

/** Answers every path with one body. */
async function serve(server: Server, body: string): Promise<{ port: number; close: () => Promise<void> }> {
  server.on('request', (_request, response) => response.end(body))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { port: (server.address() as AddressInfo).port, close }
}

function httpsServer(): Server {
  const { chainPem: cert, privateKeyPem: key } = createRoot({ commonName: 'Unknown CA' }).issue({
    names: ['another.example.com'],
  })
  return createHttpsServer({ cert, key })
}

const open = openerOf('embedded') // nothing is read from the database
let service: TestService
beforeAll(async () => {
  service = await startTestService({ database: await open(), worker: IDLE_WORKER })
  service.addSite(NAME)
})
afterAll(() => service.stop())

const look = (ports: CaCapabilities['fileValidationPorts']) =>
  findMissingProof(
    service.services,
    { validityRule: 'private', honoursNotAfter: true, reviewsOrganisations: true, methods: ['file'], fileValidationPorts: ports },
    [PROOF],
  )

test('a site on https alone proves it, whatever its certificate', async () => {
  const site = await serve(httpsServer(), `${PROOF.content}\n`)
  expect(await look({ http: 1, https: site.port })).toBeNull()
  await site.close()
})

test('a site that has something else on https and the file on http proves it', async () => {
  const wrong = await serve(httpsServer(), 'welcome')
  const right = await serve(createHttpServer(), PROOF.content)
  expect(await look({ http: right.port, https: wrong.port })).toBeNull()
  await Promise.all([wrong.close(), right.close()])
})

test('a file with other content is said to be wrong, with the address that answered', async () => {
  const site = await serve(createHttpServer(), 'welcome')
  const missing = await look({ http: site.port, https: null })
  expect(missing).toMatchObject({ ref: 'one', problem: expect.stringContaining('127.0.0.1') as string })
  await site.close()
})
