/** The texts of zh/more.ts. @module */
import type { SameKeys } from '../texts.ts'
import type { more as zh } from '../zh/more.ts'
import { adapters } from './adapters.ts'
import { bulk } from './bulk.ts'
import { chain } from './chain.ts'
import { fields } from './fields.ts'
import { forms } from './forms.ts'
import { history } from './history.ts'
import { life } from './life.ts'
import { names } from './names.ts'
import { renewal } from './renewal.ts'

export const more: SameKeys<typeof zh> = { adapters, bulk, chain, fields, forms, history, life, names, renewal }
