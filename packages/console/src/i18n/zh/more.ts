/**
 * Texts of forms and lists that stand deep in pages: loaded after the first page is there.
 *
 * @module
 */
import { adapters } from './adapters.ts'
import { history } from './history.ts'
import { names } from './names.ts'

export const more = { adapters, history, names }
