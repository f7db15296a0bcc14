/**
 * Texts of forms and lists that stand deep in pages: loaded after the first page is there.
 *
 * @module
 */
import { adapters } from './adapters.ts'
import { bulk } from './bulk.ts'
import { chain } from './chain.ts'
import { fields } from './fields.ts'
import { forms } from './forms.ts'
import { history } from './history.ts'
import { life } from './life.ts'
import { names } from './names.ts'
import { renewal } from './renewal.ts'

export const more = { adapters, bulk, chain, fields, forms, history, life, names, renewal }
