/**
 * The CA adapters. One line each.
 *
 * @module
 */
import type { CaAdapter } from '../../ports/ca.ts'
import { acme } from './acme/acme.ts'
import { builtin } from './builtin/builtin.ts'

export { builtin } from './builtin/builtin.ts'
export { authorityCertificates, createCrl } from './builtin/publications.ts'
export { createTemporaryPair } from './builtin/temporary-pair.ts'

/** Each parses its own settings: `config` first, then `create` with what it gave. */
export const caAdapters: readonly CaAdapter[] = [builtin, acme]
