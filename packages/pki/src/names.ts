/**
 * Whether a certificate's names cover a host (RFC 9525 §6.3). Names are A-labels.
 *
 * @module
 */

/** Exact, or a wildcard as the whole leftmost label that stands for exactly one label. Case and a final dot do not matter. */
export function nameMatches(names: readonly string[], host: string): boolean {
  const wanted = normalise(host)
  if (wanted === '') return false
  return names.some((name) => covers(normalise(name), wanted))
}

function covers(name: string, host: string): boolean {
  if (!name.startsWith('*.')) return name === host
  const dot = host.indexOf('.')
  // A wildcard never matches an address, although 1.2.3.4 looks like four labels.
  return dot > 0 && name.slice(1) === host.slice(dot) && !/^[\d.]+$/.test(host) && !host.includes(':')
}

function normalise(name: string): string {
  return name.toLowerCase().replace(/\.$/, '')
}
