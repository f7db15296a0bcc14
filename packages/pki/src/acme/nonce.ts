/**
 * Anti-replay nonces (RFC 8555 §6.5): every answer of the CA brings one, and each is used once.
 *
 * @module
 */

export interface NoncePool {
  /** A nonce that was never given out before; fetched when none is left. */
  take(): Promise<string>
  /** Keeps what a response brought; what is not base64url is ignored (RFC 8555 §6.5.1). */
  give(nonce: string | undefined): void
}

/** More are never in use at once, and old ones expire at the CA anyway. */
const MAX_KEPT = 64

/** @param fetchNonce asks newNonce; its rejection passes through */
export function createNoncePool(fetchNonce: () => Promise<string>): NoncePool {
  const kept: string[] = []
  return {
    // The newest first: the oldest are the ones that a CA may have forgotten.
    take: async () => kept.pop() ?? (await fetchNonce()),
    give: (nonce) => {
      if (!nonce || !/^[A-Za-z0-9_-]+$/.test(nonce)) return
      if (kept.length === MAX_KEPT) kept.shift()
      kept.push(nonce)
    },
  }
}
