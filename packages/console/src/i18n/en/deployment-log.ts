import type { SameKeys } from '../texts.ts'
import type { deploymentLog as zh } from '../zh/deployment-log.ts'

export const deploymentLog: SameKeys<typeof zh> = {
  title: 'Deployment log',
  live: 'under way, live',
  lines_one: '{{count}} line',
  lines_other: '{{count}} lines',
}
