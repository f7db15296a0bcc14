/**
 * Keys by which the service knows a repetition: two clicks, or a click after a lost answer, do one thing.
 *
 * @module
 */
import { useRef } from 'react'

const KEY_BYTES = 16

/** A new key for each request that differs, and the same one for the same request, as long as the component stays. */
export function useIdempotencyKey(): (request: object) => { readonly context: { readonly idempotencyKey: string } } {
  const known = useRef(new Map<string, string>())
  return (request) => {
    const name = JSON.stringify(request)
    const key = known.current.get(name) ?? drawKey()
    known.current.set(name, key)
    return { context: { idempotencyKey: key } }
  }
}

/** A new key. `crypto.randomUUID` is there only on pages with TLS. */
export function drawKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(KEY_BYTES)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
