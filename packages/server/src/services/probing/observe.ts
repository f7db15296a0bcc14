/**
 * Looks at one endpoint: every address that the operator allows.
 *
 * @module
 */
import { isIP } from 'node:net'
import type { EndpointProtocol } from '@evercert/contract'
import { verifyHost, type Explanation, type HostVerification, type VerifyRequest } from '@evercert/pki/probe'
import { AppError } from '../../domain/errors.ts'
import type { Services } from '../context.ts'

/** Of one endpoint at the same time. */
const ADDRESSES_AT_ONCE = 8
const TIMEOUT_MS = 10_000

export interface ProbedSite {
  readonly host: string
  readonly port: number
  readonly serverName: string
  readonly protocol: EndpointProtocol
}

type Trust = Pick<VerifyRequest, 'expected' | 'trustedRootsPem' | 'onVerdict' | 'bothKeys' | 'signal' | 'timeoutMs'>

/** A name that does not resolve and an address that is not allowed are outcomes. */
export async function verifySite(services: Services, site: ProbedSite, trust: Partial<Trust>): Promise<HostVerification> {
  const { host, port, serverName, protocol } = site
  const refusal = isIP(host) === 0 ? null : services.kit.guardAddress(host) // a literal is never resolved, so it is judged here
  if (refusal !== null)
    return { host, port, serverName, protocol, addresses: [], unresolved: forbidden(host, refusal), ok: false }
  return verifyHost({
    timeoutMs: TIMEOUT_MS,
    ...trust,
    host,
    port,
    serverName,
    protocol,
    resolver: (name) => resolveAllowed(services, name),
    concurrency: ADDRESSES_AT_ONCE,
    now: services.now(),
  })
}

function forbidden(host: string, refusal: string): Explanation {
  return {
    cause: { en: `${host} is ${refusal}: it was not dialled.`, zh: `${host} 属于不允许访问的地址（${refusal}），未发起连接。` },
    remedy: {
      en: 'If it is meant, the operator allows its range with EVERCERT_ALLOW_ADDRESSES.',
      zh: '如确需访问，请管理员通过 EVERCERT_ALLOW_ADDRESSES 放行该网段。',
    },
  }
}

/** Addresses that the operator does not allow are not dialled; the reason becomes the verdict's cause. */
async function resolveAllowed(services: Services, name: string): Promise<readonly string[]> {
  const addresses = await services.kit.resolver.resolveAddresses(name)
  for (const address of addresses) {
    const refusal = services.kit.guardAddress(address)
    if (refusal !== null) {
      throw new AppError(
        'addressForbidden',
        `${name} has the address ${address}, which is ${refusal}: allow it with EVERCERT_ALLOW_ADDRESSES.`,
      )
    }
  }
  return addresses
}
