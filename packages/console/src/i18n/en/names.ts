/** The texts of zh/names.ts. @module */
import type { SameKeys } from '../texts.ts'
import type { names as zh } from '../zh/names.ts'

export const names: SameKeys<typeof zh> = {
  forwardTo: 'Or forward /.well-known/ of the site to (with the Host header)',
}
