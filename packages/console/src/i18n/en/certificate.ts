import type { SameKeys } from '../texts.ts'
import type { certificate as zh } from '../zh/certificate.ts'

export const certificate: SameKeys<typeof zh> = {
  title: 'Certificate',
}
