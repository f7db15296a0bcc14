import type { SameKeys } from '../texts.ts'
import type { renewal as zh } from '../zh/renewal.ts'

export const renewal: SameKeys<typeof zh> = {
  title: 'Renewal',
}
