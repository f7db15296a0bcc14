/**
 * What all addresses of an endpoint say together, and which endpoints come first.
 *
 * @module
 */
import type { EndpointView } from '@evercert/contract'

export type EndpointState = 'fault' | 'unproved' | 'served'

const ORDER: readonly EndpointState[] = ['fault', 'unproved', 'served']

/** `served` when every address serves the certificate; `unproved` when none was probed yet. */
export function endpointState({ observations }: Pick<EndpointView, 'observations'>): EndpointState {
  if (observations.length === 0) return 'unproved'
  return observations.every(({ verdict }) => verdict === 'served') ? 'served' : 'fault'
}

/** Within a state by name. */
export function sortEndpoints<Endpoint extends Pick<EndpointView, 'host' | 'observations'>>(
  endpoints: readonly Endpoint[],
): Endpoint[] {
  const rank = (endpoint: Endpoint): number => ORDER.indexOf(endpointState(endpoint))
  return endpoints.toSorted((one, other) => rank(one) - rank(other) || one.host.localeCompare(other.host))
}
