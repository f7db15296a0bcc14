/**
 * The specification: exactly four attributes, which renewal compares (DOMAIN §1).
 *
 * @module
 */

/** What names a certificate may hold: one, several, one wildcard, several wildcards, or a mixture. */
export type DomainType = 'single' | 'multi' | 'wildcard' | 'multiWildcard' | 'mixed'

/** How the applicant is validated: domain, organisation, extended. */
export type CertificateType = 'DV' | 'OV' | 'EV'

/** What is sold, apart from the term and the number of domains. `grade` and `brand` are names of the catalogue, compared exactly. */
export type Specification = {
  readonly domainType: DomainType
  readonly certificateType: CertificateType
  readonly grade: string
  readonly brand: string
}

/** What is known of a specification: of an uploaded certificate the grade, for one, cannot be read. Null or absent = not known. */
export type KnownSpecification = { readonly [Attribute in keyof Specification]?: Specification[Attribute] | null }

export type SpecificationComparison = {
  /** All four attributes are known and equal: what top-up demands. */
  readonly same: boolean
  /** The attributes that are known and differ, in the order of {@link SPECIFICATION_ATTRIBUTES}: what the panel warns of. */
  readonly changed: (keyof Specification)[]
  /** The attributes that `b` does not know: neither a mismatch nor a match. */
  readonly unknown: (keyof Specification)[]
}

/** The four attributes in the order in which they are shown. */
export const SPECIFICATION_ATTRIBUTES = [
  'domainType',
  'certificateType',
  'grade',
  'brand',
] as const satisfies readonly (keyof Specification)[]

/**
 * Which of the four attributes differ. An attribute that `b` does not know makes `same` false without being listed as changed,
 * so that nothing is granted on a guess and nobody is warned of one.
 */
export function compareSpecifications(a: Specification, b: KnownSpecification): SpecificationComparison {
  const isKnown = (attribute: keyof Specification): boolean => (b[attribute] ?? null) !== null
  const changed = SPECIFICATION_ATTRIBUTES.filter((attribute) => isKnown(attribute) && a[attribute] !== b[attribute])
  const unknown = SPECIFICATION_ATTRIBUTES.filter((attribute) => !isKnown(attribute))
  return { same: changed.length === 0 && unknown.length === 0, changed, unknown }
}
