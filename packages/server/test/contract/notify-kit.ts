/**
 * The kit of the notification adapters under test: loopback is allowed, or nothing private is.
 *
 * @module
 */
import { createAddressGuard } from '../../src/adapters/kit/address-guard.ts'
import { createGuardedFetch } from '../../src/adapters/kit/guarded-fetch.ts'
import { createResolver } from '../../src/adapters/kit/resolver.ts'
import type { AdapterKit } from '../../src/ports/kit.ts'
import { createMemoryCaStore } from '../adapters/memory-ca-store.ts'

export interface NotifyKits {
  readonly kit: AdapterKit
  /** No private address is allowed. */
  readonly strict: AdapterKit
  close(): Promise<void>
}

export function createNotifyKits(now: () => number = Date.now): NotifyKits {
  const resolver = createResolver({ servers: null })
  const create = (allow: readonly string[]) => {
    const fetch = createGuardedFetch({ allow, resolver })
    const guardAddress = createAddressGuard(allow)
    return { fetch, resolver, guardAddress, now, builtinCaStore: createMemoryCaStore() }
  }
  const [kit, strict] = [create(['127.0.0.0/8', '::1/128']), create([])]
  return { kit, strict, close: async () => void (await Promise.all([kit.fetch.close(), strict.fetch.close()])) }
}
