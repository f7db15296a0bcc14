/** The CA contract, run over the ACME adapter with Debian's Pebble behind it. */
import { randomUUID, X509Certificate } from 'node:crypto'
import { createServer } from 'node:https'
import { createRoot } from '../../../../test/harness/certificates.ts'
import { startChallengeServer } from '../../../../test/harness/challenge-server.ts'
import { startPebble } from '../../../../test/harness/pebble.ts'
import type { PebbleOptions } from '../../../../test/harness/pebble.ts'
import { freePort } from '../../../../test/harness/ports.ts'
import { acme } from '../../src/adapters/ca/acme/acme.ts'
import { createGuardedFetch } from '../../src/adapters/kit/guarded-fetch.ts'
import { createResolver } from '../../src/adapters/kit/resolver.ts'
import type { Ca } from '../../src/ports/ca.ts'
import type { AdapterKit, BuiltinCaStore, GuardedFetch } from '../../src/ports/kit.ts'
import { caContract } from './ca-contract.ts'
import type { CaHarness } from './ca-contract.ts'

interface Kit extends AdapterKit {
  readonly sent: () => number
  readonly close: () => Promise<void>
}

/** The ACME adapter has no use for the built-in CA's memory. */
const noStore = {} as BuiltinCaStore

function createKit(): Kit {
  const resolver = createResolver({ servers: null })
  const fetch = createGuardedFetch({ allow: ['127.0.0.0/8'], resolver })
  let sent = 0
  return {
    fetch: (url, request) => {
      sent++
      return fetch(url, request)
    },
    resolver,
    now: Date.now,
    builtinCaStore: noStore,
    sent: () => sent,
    close: () => fetch.close(),
  }
}

/** A CA that refuses every order with 429, as Let's Encrypt does; reached in place of Pebble's newOrder. */
async function startLimitedCa(): Promise<{ url: string; caPem: string; stop: () => Promise<void> }> {
  const api = createRoot().issue()
  const port = await freePort()
  const problem = { type: 'urn:ietf:params:acme:error:rateLimited', detail: 'too many new orders recently' }
  const server = createServer({ cert: api.chainPem, key: api.privateKeyPem }, (request, response) => {
    request.resume().once('end', () => {
      response.writeHead(429, { 'content-type': 'application/problem+json', 'retry-after': '90' }).end(JSON.stringify(problem))
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `https://127.0.0.1:${port}/limited`,
    caPem: api.rootPem,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function createPebbleHarness(options: PebbleOptions): Promise<CaHarness> {
  const pebble = await startPebble(options)
  const files = await startChallengeServer(pebble.httpPort)
  const limited = await startLimitedCa()
  const kit = createKit()
  const settings = { directoryUrl: pebble.directoryUrl, caPem: pebble.caPem, fileValidationHttpPort: pebble.httpPort }
  const adapter = (fetch: GuardedFetch): Ca => acme.create(acme.config.parse(settings), { ...kit, fetch })
  return {
    ca: adapter(kit.fetch),
    now: Date.now,
    rootsPem: async () => [await pebble.rootPem()],
    freshName: () => `${randomUUID()}.example.com`,
    refusedName: 'under_score.example.com',
    publish: async ({ method, location, content }) =>
      method === 'file' ? files.put(location, content) : pebble.dns.addTxt(location, content),
    unpublish: async ({ method, location }) => (method === 'file' ? files.remove(location) : pebble.dns.clearTxt(location)),
    requestsSent: kit.sent,
    failedProofMayBeRepeated: false,
    isRevoked: async (der) => (await pebble.certificateStatus(new X509Certificate(der).serialNumber)) === 'Revoked',
    outage: async () => {
      const nobody = `https://127.0.0.1:${await freePort()}`
      return adapter((url, request) => kit.fetch(nobody + new URL(url).pathname, request))
    },
    rateLimited: async () =>
      adapter((url, request) =>
        url.includes('order-plz') ? kit.fetch(limited.url, { ...request, caPem: limited.caPem }) : kit.fetch(url, request),
      ),
    close: async () => {
      await kit.close()
      await Promise.all([limited.stop(), files.stop(), pebble.stop()])
    },
  }
}

caContract('acme, Pebble', () => createPebbleHarness({ authzReusePercent: 0 }))
