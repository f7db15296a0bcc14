import { describe, expect, test } from 'vitest'
import { knowSpecification, type SpecificationSource } from '../../../src/domain/product/known-specification.ts'
import { compareSpecifications } from '../../../src/domain/product/specification.ts'

const source = (wish: Partial<SpecificationSource>): SpecificationSource => ({
  names: ['shop.example.com'],
  ipAddresses: [],
  policies: [],
  organization: null,
  issuerOrganization: null,
  issuerCommonName: null,
  ...wish,
})

const [EV, DV, OV, IV] = ['2.23.140.1.1', '2.23.140.1.2.1', '2.23.140.1.2.2', '2.23.140.1.2.3']

describe('domain type', () => {
  test.each([
    [['a.example'], 'single'],
    [['a.example', 'www.a.example'], 'multi'],
    [['*.a.example'], 'wildcard'],
    [['*.a.example', '*.b.example'], 'multiWildcard'],
    [['a.example', '*.a.example'], 'mixed'],
    [['*.a.example', 'a.example'], 'mixed'],
    [[], null],
  ])('of %j is %s', (names, domainType) => {
    expect(knowSpecification(source({ names })).domainType).toBe(domainType)
  })

  test('with an IP address is none that is sold', () => {
    expect(knowSpecification(source({ ipAddresses: ['192.0.2.1'] })).domainType).toBeNull()
  })
})

describe('certificate type', () => {
  test.each([
    ['the DV policy', { policies: [DV] }, 'DV'],
    ['the OV policy', { policies: [OV], organization: 'Example' }, 'OV'],
    ['the EV policy', { policies: [EV], organization: 'Example' }, 'EV'],
    ["a CA's own policy beside that of the Forum", { policies: ['1.3.6.1.4.1.4146.1.20', OV] }, 'OV'],
    ['the policy of individual validation', { policies: [IV] }, null],
    ['no policy and no organisation', {}, 'DV'],
    ['no policy, but an organisation: OV or EV', { organization: 'Example' }, null],
    ['policies of the CA alone and an organisation', { policies: ['1.2.3.4'], organization: 'Example' }, null],
  ])('with %s', (_what, wish, certificateType) => {
    expect(knowSpecification(source(wish)).certificateType).toBe(certificateType)
  })
})

describe('brand', () => {
  test.each([
    ['GlobalSign nv-sa', 'GlobalSign RSA OV SSL CA 2018', 'GlobalSign'],
    ['GlobalSign nv-sa', 'AlphaSSL CA - SHA256 - G4', 'AlphaSSL'],
    ["Let's Encrypt", 'R11', "Let's Encrypt"],
    ['DigiCert Inc', 'DigiCert Global G2 TLS RSA SHA256 2020 CA1', 'DigiCert'],
    ['DigiCert Inc', 'GeoTrust TLS RSA CA G1', 'GeoTrust'],
    ['DigiCert, Inc.', 'RapidSSL TLS RSA CA G1', 'RapidSSL'],
    ['Sectigo Limited', 'Sectigo RSA Domain Validation Secure Server CA', 'Sectigo'],
    ['TrustAsia Technologies, Inc.', 'TrustAsia RSA DV TLS CA G2', 'TrustAsia'],
    ['Nobody in Particular', 'Their CA', null],
    [null, null, null],
  ])('of %s, %s is %s', (issuerOrganization, issuerCommonName, brand) => {
    expect(knowSpecification(source({ issuerOrganization, issuerCommonName })).brand).toBe(brand)
  })
})

test('the grade is never known, so an upload never equals a product in all four attributes', () => {
  const known = knowSpecification(source({ policies: [DV], issuerOrganization: "Let's Encrypt" }))
  const product = { domainType: 'single', certificateType: 'DV', grade: 'standard', brand: "Let's Encrypt" } as const
  expect(compareSpecifications(product, known)).toEqual({ same: false, changed: [], unknown: ['grade'] })
})
