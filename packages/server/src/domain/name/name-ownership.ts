/**
 * Whose a domain name is, from the claims of an installation. A claim covers its name, the wildcard of it and all names below, except
 * those that have a claim of their own: of several claims the nearest decides.
 *
 * @module
 */

export interface NameClaim {
  /** A-labels, lower case, without `*.`. */
  readonly name: string
  readonly accountId: string
  /** `proved`: the CA saw a proof that the account gave. `assigned`: the operator said so. */
  readonly how: 'proved' | 'assigned'
}

/** `foreign`: another account's. `held`: the account's own, so that a proof of before may be used again. `unclaimed`: it is to be proved. */
export type Ownership = 'foreign' | 'held' | 'unclaimed'

/** The name without its wildcard: what is proved and claimed. */
export function baseOf(identifier: string): string {
  return identifier.startsWith('*.') ? identifier.slice(2) : identifier
}

/** The name itself and all names above it, the longest first. */
export function coveringNames(name: string): readonly string[] {
  const labels = name.split('.')
  return labels.map((_label, index) => labels.slice(index).join('.'))
}

/** Every name whose claim decides on these identifiers, besides those right below a wildcard. */
export function decidingNames(identifiers: readonly string[]): string[] {
  return [...new Set(identifiers.flatMap((identifier) => coveringNames(baseOf(identifier))))]
}

/** The names right below which claims decide: a wildcard is valid for each of those. */
export function wildcardBases(identifiers: readonly string[]): string[] {
  return [...new Set(identifiers.filter((identifier) => identifier.startsWith('*.')).map(baseOf))]
}

/**
 * @param identifier as in the certificate, with `*.` for a wildcard
 * @param claims at least those of {@link decidingNames} and right below {@link wildcardBases}
 */
export function ownershipOf(identifier: string, claims: readonly NameClaim[], accountId: string): Ownership {
  const base = baseOf(identifier)
  if (identifier.startsWith('*.') && claims.some((claim) => parentOf(claim.name) === base && claim.accountId !== accountId))
    return 'foreign'
  const nearest = coveringNames(base)
    .map((name) => claims.find((claim) => claim.name === name))
    .find((claim) => claim !== undefined)
  if (nearest === undefined) return 'unclaimed'
  if (nearest.accountId !== accountId) return 'foreign'
  // What was proved of a name proves nothing of those below; what the operator gives, is given with them.
  return nearest.name === base || nearest.how === 'assigned' ? 'held' : 'unclaimed'
}

function parentOf(name: string): string {
  return name.slice(name.indexOf('.') + 1)
}
