import { describe, expect, test } from 'vitest'
import { checkApplicant, isSameOrganisation, type Applicant } from '../../../src/domain/applicant/applicant.ts'
import { subjectOf } from '../../../src/domain/applicant/subject.ts'
import { AppError } from '../../../src/domain/errors.ts'

const full: Applicant = {
  contact: { name: 'Li Lei', email: 'li@example.com', phone: '+86 10 0000 0000' },
  location: null,
  company: {
    name: 'Example Trading Co., Ltd.',
    type: 'enterprise',
    phone: '+86 21 0000 0000',
    registrationNumber: '91310000MA1FL0XX4T',
    country: 'CN',
    region: 'Shanghai',
    city: 'Shanghai',
    address: '1 Example Road',
    postalCode: '200000',
  },
  superior: { name: 'Han Meimei', title: 'Director', phone: '+86 21 0000 0001', email: 'han@example.com' },
  documents: { businessLicence: 'doc_1', bankPermit: 'doc_2' },
}
const nobody: Applicant = {
  contact: null,
  location: null,
  company: null,
  superior: null,
  documents: { businessLicence: null, bankPermit: null },
}

function missing(type: 'DV' | 'OV' | 'EV', applicant: Applicant): unknown {
  try {
    checkApplicant(type, applicant)
    return []
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    expect(error.code).toBe('applicantIncomplete')
    return error.facts['missing']
  }
}

describe('DOMAIN §4: what each type needs', () => {
  test.each([
    ['DV', nobody, []],
    ['OV', nobody, ['contact', 'company', 'businessLicence']],
    ['EV', nobody, ['contact', 'company', 'businessLicence', 'superior', 'bankPermit']],
    ['OV', { ...full, superior: null, documents: { businessLicence: 'doc_1', bankPermit: null } }, []],
    ['EV', { ...full, documents: { businessLicence: 'doc_1', bankPermit: null } }, ['bankPermit']],
    ['EV', full, []],
  ] as const)('%s', (type, applicant, expected) => {
    expect(missing(type, applicant)).toEqual(expected)
  })
})

test.each<[string, Partial<Applicant>, boolean]>([
  ['itself', {}, true],
  ['another place of the form', { location: { country: 'CN', region: 'a', city: 'b' } }, true],
  ['another document', { documents: { businessLicence: 'doc_9', bankPermit: 'doc_2' } }, false],
  ['another contact', { contact: { name: 'X', email: 'x@example.com', phone: '123' } }, false],
  ['no company', { company: null }, false],
])('the same organisation: %s', (_what, change, expected) => {
  expect(isSameOrganisation(full, { ...full, ...change })).toBe(expected)
})

describe('the organisation in the certificate', () => {
  test('none for DV, nor without a company', () => {
    expect([subjectOf('DV', full), subjectOf('OV', nobody), subjectOf(null, full), subjectOf('OV', null)]).toEqual([
      null,
      null,
      null,
      null,
    ])
  })

  test('EV has the registration besides', () => {
    expect(subjectOf('OV', full)).toMatchObject({ certificateType: 'OV', organisation: full.company?.name, registration: null })
    expect(subjectOf('EV', full)?.registration).toEqual({
      number: '91310000MA1FL0XX4T',
      businessCategory: 'Private Organization',
      country: 'CN',
    })
  })

  test('a name longer than X.509 takes is cut between characters', () => {
    const name = '𠮷'.repeat(70)
    expect(subjectOf('OV', { ...full, company: { ...full.company!, name } })?.organisation).toBe('𠮷'.repeat(64))
  })
})
