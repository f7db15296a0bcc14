/** The texts of zh/more.ts. @module */
import type { SameKeys } from '../texts.ts'
import type { more as zh } from '../zh/more.ts'
import { adapters } from './adapters.ts'
import { history } from './history.ts'
import { names } from './names.ts'

export const more: SameKeys<typeof zh> = { adapters, history, names }
