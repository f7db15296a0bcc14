import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { createSelfSigned } from '../../../../test/harness/certificates.ts'
import { startDnsServer } from '../../../../test/harness/dns-server.ts'
import { authorityCertificates, builtin, createCrl } from '../../src/adapters/ca/index.ts'
import { createGuardedFetch } from '../../src/adapters/kit/guarded-fetch.ts'
import { createResolver } from '../../src/adapters/kit/resolver.ts'
import type { CaChallenge } from '../../src/ports/ca.ts'
import type { AdapterKit } from '../../src/ports/kit.ts'
import { createMemoryCaStore } from '../adapters/memory-ca-store.ts'
import { caContract, type CaHarness } from './ca-contract.ts'

const AUTHORITY = 'authority-1'

/** A web server for all names, by Host, over http or https. */
async function startFileServer(
  files: ReadonlyMap<string, string>,
  isSecure: boolean,
): Promise<{ port: number; close: () => void }> {
  const leaf = createSelfSigned({ names: ['old.test'] })
  const server = isSecure ? createTlsServer({ cert: leaf.chainPem, key: leaf.privateKeyPem }) : createServer()
  server.on('request', (request, response) => {
    const host = (request.headers.host ?? '').replace(/:\d+$/, '')
    const content = files.get(host + (request.url ?? ''))
    if (content === undefined) response.writeHead(404).end('not here')
    else response.end(content)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { port: (server.address() as AddressInfo).port, close }
}

async function createHarness({ https }: { https: boolean }): Promise<CaHarness> {
  const dns = await startDnsServer()
  const files = new Map<string, string>()
  const web = await startFileServer(files, https)
  const resolver = createResolver({ servers: [dns.address], timeoutMs: 1000 })
  const fetch = createGuardedFetch({ allow: ['127.0.0.0/8'], resolver })
  let requests = 0
  let names = 0
  const kit: AdapterKit = {
    fetch: (url, request) => {
      requests += 1
      return fetch(url, request)
    },
    resolver: {
      resolveAddresses: (name) => resolver.resolveAddresses(name),
      resolveTxt: (name) => {
        requests += 1
        return resolver.resolveTxt(name)
      },
    },
    now: () => Date.now(),
    guardAddress: () => null,
    builtinCaStore: createMemoryCaStore(),
  }
  const config = builtin.config.parse({
    authorityId: AUTHORITY,
    validityRule: 'public',
    fileValidationPorts: https ? { http: 1, https: web.port } : { http: web.port, https: null },
    publicUrl: 'http://evercert.test',
  })
  return {
    ca: builtin.create(config, kit),
    now: kit.now,
    rootsPem: async () => [(await authorityCertificates(kit.builtinCaStore, AUTHORITY)).rootPem],
    freshName: () => {
      names += 1
      const name = `site-${names}.example.test`
      dns.add(name, 'A', '127.0.0.1')
      return name
    },
    refusedName: '-not-a-name-.example.test',
    publish: async ({ method, identifier, location, content }) => {
      if (method === 'file') files.set(identifier + location, content)
      else dns.add(location, 'TXT', content)
    },
    unpublish: async ({ method, identifier, location, content }: CaChallenge) => {
      if (method === 'file') files.delete(identifier + location)
      else dns.remove(location, 'TXT', content)
    },
    requestsSent: () => requests,
    failedProofMayBeRepeated: () => true,
    isRevoked: async (leafDer) => {
      const { rootPem, intermediatePem } = await authorityCertificates(kit.builtinCaStore, AUTHORITY)
      return isRevokedForOpenssl(leafDer, rootPem, intermediatePem, await createCrl(kit.builtinCaStore, AUTHORITY, Date.now()))
    },
    outage: null,
    rateLimited: null,
    close: async () => {
      web.close()
      await fetch.close()
      await dns.close()
    },
  }
}

/** What another implementation makes of chain and CRL. @throws Error when OpenSSL finds any other fault */
function isRevokedForOpenssl(leafDer: Uint8Array, rootPem: string, intermediatePem: string, crl: Uint8Array): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-crl-'))
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content)
    return join(folder, name)
  }
  const pem = `-----BEGIN X509 CRL-----\n${Buffer.from(crl).toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END X509 CRL-----\n`
  const trust = ['-CAfile', file('root.pem', rootPem), '-untrusted', file('intermediate.pem', intermediatePem)]
  const leaf = file('leaf.pem', new X509Certificate(leafDer).toString())
  try {
    execFileSync('openssl', ['verify', '-x509_strict', '-crl_check', ...trust, '-CRLfile', file('crl.pem', pem), leaf], {
      stdio: 'pipe',
    })
    return false
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : ''
    if (/certificate revoked/.test(output)) return true
    throw error
  } finally {
    rmSync(folder, { recursive: true })
  }
}

caContract('builtin, files over http', () => createHarness({ https: false }))
caContract('builtin, files over https', () => createHarness({ https: true }))
