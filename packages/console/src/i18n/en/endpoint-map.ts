import type { SameKeys } from '../texts.ts'
import type { endpointMap as zh } from '../zh/endpoint-map.ts'

export const endpointMap: SameKeys<typeof zh> = {
  title: 'Proof map',
  list: 'List',
  groupBy: 'Group by',
  groupings: { host: 'By domain', target: 'By target', verdict: 'By verdict' },
  form: 'Show as',
  forms: { map: 'Map', table: 'Table' },
  show: 'Show only',
  looks: {
    fault: 'Another certificate, or none',
    old: 'The old certificate',
    unproved: 'Not probed yet',
    served: 'Proved',
  },
  hint: 'Arrow keys lead from endpoint to endpoint, Enter opens one. The same is there as a table.',
  inGroup_one: '{{count}} endpoint',
  inGroup_other: '{{count}} endpoints',
  faults_one: '{{count}} with a fault',
  faults_other: '{{count}} with faults',
  noTarget: 'Without a target',
  targets: 'Targets',
  probedAt: 'Probed',
  leftOut: 'The first {{count}} of {{all}} endpoints are shown; the API and the metrics have all of them.',
}
