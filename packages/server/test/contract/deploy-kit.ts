import type { AdapterKit } from '../../src/ports/kit.ts'

const forbidden = (): never => {
  throw new Error('a deployment into local files uses neither the network nor the CA')
}

/** For adapters that need nothing but the clock. */
export const kitWithoutNetwork: AdapterKit = {
  fetch: forbidden,
  resolver: { resolveAddresses: forbidden, resolveTxt: forbidden },
  now: () => Date.now(),
  guardAddress: () => null,
  builtinCaStore: {
    loadOrCreateAuthority: forbidden,
    insertOrder: forbidden,
    loadOrder: forbidden,
    updateOrder: forbidden,
    findIssued: forbidden,
    listRevoked: forbidden,
  },
}
