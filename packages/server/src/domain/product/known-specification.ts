/**
 * What a certificate bought elsewhere tells of its specification (DOMAIN §3.6): enough to compare it with a product, and no more.
 *
 * @module
 */
import type { CertificateFacts } from '@evercert/pki'
import { brandOf } from './brands.ts'
import type { CertificateType, DomainType } from './specification.ts'

/** Null is what the certificate does not tell. The grade is a seller's word and stands in no certificate. */
export interface ReadSpecification {
  readonly domainType: DomainType | null
  readonly certificateType: CertificateType | null
  readonly grade: null
  readonly brand: string | null
}

export type SpecificationSource = Pick<
  CertificateFacts,
  'names' | 'ipAddresses' | 'policies' | 'organization' | 'issuerOrganization' | 'issuerCommonName'
>

/** CA/Browser Forum, Baseline Requirements §7.1.6.1 and EV Guidelines §9.3. */
const POLICY_TYPES: readonly (readonly [oid: string, type: CertificateType | null])[] = [
  ['2.23.140.1.1', 'EV'],
  ['2.23.140.1.2.2', 'OV'],
  ['2.23.140.1.2.3', null], // individual validation: none of ours
  ['2.23.140.1.2.1', 'DV'],
]

export function knowSpecification(certificate: SpecificationSource): ReadSpecification {
  return {
    domainType: domainTypeOf(certificate),
    certificateType: certificateTypeOf(certificate),
    grade: null,
    brand: brandOf(certificate),
  }
}

/** As the names would have to be bought here: `www.` beside the apex is a name of its own. Null with IP addresses or without names. */
function domainTypeOf({ names, ipAddresses }: SpecificationSource): DomainType | null {
  if (names.length === 0 || ipAddresses.length > 0) return null
  const wildcards = names.filter((name) => name.startsWith('*.')).length
  if (wildcards === 0) return names.length === 1 ? 'single' : 'multi'
  if (wildcards < names.length) return 'mixed'
  return names.length === 1 ? 'wildcard' : 'multiWildcard'
}

/**
 * By its policy. Without one of the Forum's, a subject without an organisation can only be DV, since OV and EV must name it; with an
 * organisation it may be either.
 */
function certificateTypeOf({ policies, organization }: SpecificationSource): CertificateType | null {
  const byPolicy = POLICY_TYPES.find(([oid]) => policies.includes(oid))
  if (byPolicy !== undefined) return byPolicy[1]
  return organization === null ? 'DV' : null
}
