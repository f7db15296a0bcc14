/**
 * Kept-alive connections, one pool for each origin *and address and trust*, so that a request never rides on a connection to an
 * address that it did not check. Bounded: the pool that was unused longest is closed.
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { LookupFunction } from 'node:net'
import { isIP } from 'node:net'
import { Pool } from 'undici'
import { AppError } from '../../domain/errors.ts'

/** How the other side's certificate is judged. */
interface Trust {
  /** PEM roots besides the system's. */
  readonly caPem: string | null
  readonly ignoreCertificate: boolean
}

export interface ConnectionPools {
  /** @throws AppError `misconfigured` when `trust.caPem` holds no certificate */
  lend(origin: string, address: string, trust: Trust): Pool
  close(): Promise<void>
}

const MAX_POOLS = 256 // one for each site in a burst of file validations; an idle one holds no socket
const MAX_CONTEXTS = 32
const CONNECTIONS_PER_POOL = 32
const IDLE_MS = 10_000 // below what common servers keep (nginx 75 s, Go none), above the pauses between two ACME requests
const CONNECT_TIMEOUT_MS = 5000 // leaves time for a second address within the default time-out

export function createConnectionPools(): ConnectionPools {
  const pools = new Map<string, Pool>()
  const contexts = new Map<string, SecureContext>()

  const contextFor = (caPem: string): SecureContext => {
    const context = contexts.get(caPem) ?? createTrust(caPem)
    touch(contexts, caPem, context)
    if (contexts.size > MAX_CONTEXTS) contexts.delete(oldest(contexts))
    return context
  }
  const open = (origin: string, address: string, trust: Trust): Pool =>
    new Pool(origin, {
      connections: CONNECTIONS_PER_POOL,
      keepAliveTimeout: IDLE_MS,
      allowH2: false, // the limits below are HTTP/1.1's, and no CA needs HTTP/2
      headersTimeout: 0, // the caller's signal is the one time-out
      bodyTimeout: 0,
      connect: {
        timeout: CONNECT_TIMEOUT_MS,
        lookup: pinned(address),
        rejectUnauthorized: !trust.ignoreCertificate,
        ...(trust.caPem === null ? {} : { secureContext: contextFor(trust.caPem) }),
      },
    })

  return {
    lend(origin, address, trust) {
      const key = JSON.stringify([origin, address, trust.ignoreCertificate, trust.caPem])
      const pool = pools.get(key) ?? open(origin, address, trust)
      touch(pools, key, pool)
      if (pools.size > MAX_POOLS) retire(pools, oldest(pools))
      return pool
    },
    async close() {
      const open = [...pools.values()]
      pools.clear()
      await Promise.all(open.map((pool) => pool.destroy()))
    },
  }
}

/** A lookup that knows one answer: the address that was checked. */
function pinned(address: string): LookupFunction {
  const family = isIP(address)
  return (_hostname, options, done) => {
    if (options.all) done(null, [{ address, family }])
    else done(null, address, family)
  }
}

function createTrust(caPem: string): SecureContext {
  try {
    for (const pem of certificatesOf(caPem)) new X509Certificate(pem)
    return createSecureContext({ ca: [...getCACertificates('default'), caPem] })
  } catch (cause) {
    throw new AppError(
      'misconfigured',
      'Extra CA roots: they cannot be read: give PEM certificates ("-----BEGIN CERTIFICATE-----")',
      {
        cause,
      },
    )
  }
}

function certificatesOf(pem: string): readonly string[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
  if (!found) throw new Error('no certificate in the text')
  return found
}

/** Moves the entry to the end of the map's order, which is the order of use. */
function touch<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
}

function oldest(map: ReadonlyMap<string, unknown>): string {
  return map.keys().next().value ?? ''
}

function retire(pools: Map<string, Pool>, key: string): void {
  const pool = pools.get(key)
  pools.delete(key)
  pool?.close().catch(() => undefined) // lets requests in flight finish; they report their own errors
}
