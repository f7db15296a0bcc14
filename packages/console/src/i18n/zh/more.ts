/**
 * Texts of forms and lists that stand deep in pages: loaded after the first page is there.
 *
 * @module
 */
import { adapters } from './adapters.ts'
import { history } from './history.ts'

export const more = { adapters, history }
