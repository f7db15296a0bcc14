import type { SameKeys } from '../texts.ts'
import type { endpoints as zh } from '../zh/endpoints.ts'

export const endpoints: SameKeys<typeof zh> = {
  title: 'Endpoints',
  intro:
    'The endpoints of all certificates, and what each of their addresses serves; those with a fault come first. Add endpoints on the page of a certificate.',
  endpoint: 'Endpoint',
  certificate: 'Certificate',
  proof: 'Proof',
  states: { served: 'Served by every address', fault: 'Not served everywhere', unproved: 'Not probed yet' },
  addresses: 'Address by address',
  notProbed: 'Not probed yet; that happens by itself.',
  probing: 'It is being probed.',
  probed: '“{{name}}” was probed: {{sentence}}',
  shown: '{{count}} of {{all}} shown',
  emptyTitle: 'No endpoints yet',
  emptyText: 'Open a certificate and add the hosts and ports that clients connect to: each of their addresses is proved.',
}
