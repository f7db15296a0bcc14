import { describe, expect, test } from 'vitest'
import type { Specification } from '../../../src/domain/product/specification.ts'
import { compareSpecifications, SPECIFICATION_ATTRIBUTES } from '../../../src/domain/product/specification.ts'

const specification: Specification = { domainType: 'single', certificateType: 'DV', grade: 'standard', brand: 'GlobalSign' }

describe('compareSpecifications', () => {
  test('§1 a specification is exactly four attributes', () => {
    expect(SPECIFICATION_ATTRIBUTES).toEqual(['domainType', 'certificateType', 'grade', 'brand'])
  })

  test('equal in all four is the same', () => {
    expect(compareSpecifications(specification, { ...specification })).toEqual({ same: true, changed: [], unknown: [] })
  })

  test.each([
    ['domainType', { domainType: 'wildcard' }],
    ['certificateType', { certificateType: 'OV' }],
    ['grade', { grade: 'pro' }],
    ['brand', { brand: 'DigiCert' }],
  ] as const)('FD §3.5 the panel names the changed attribute: %s', (attribute, change) => {
    expect(compareSpecifications(specification, { ...specification, ...change })).toEqual({
      same: false,
      changed: [attribute],
      unknown: [],
    })
  })

  test('FD §3.5 all changed attributes are named, in the order of display', () => {
    const other: Specification = { brand: 'a', grade: 'b', certificateType: 'EV', domainType: 'mixed' }
    expect(compareSpecifications(specification, other).changed).toEqual([...SPECIFICATION_ATTRIBUTES])
  })

  test('FD §3.6 uploaded: what cannot be read off a certificate is neither a match nor a mismatch', () => {
    const read = { domainType: 'single', certificateType: 'DV', grade: null, brand: 'GlobalSign' } as const
    expect(compareSpecifications(specification, read)).toEqual({ same: false, changed: [], unknown: ['grade'] })
    expect(compareSpecifications(specification, {})).toEqual({ same: false, changed: [], unknown: [...SPECIFICATION_ATTRIBUTES] })
  })
})
