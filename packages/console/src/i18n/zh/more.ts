/**
 * Texts of forms and lists that stand deep in pages: loaded after the first page is there.
 *
 * @module
 */
import { adapters } from './adapters.ts'
import { certificate } from './certificate.ts'
import { chain } from './chain.ts'
import { history } from './history.ts'
import { life } from './life.ts'
import { names } from './names.ts'
import { renewal } from './renewal.ts'
import { security } from './security.ts'

export const more = { adapters, certificate, chain, history, life, names, renewal, security }
