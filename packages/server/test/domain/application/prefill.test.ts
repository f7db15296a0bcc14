import { describe, expect, test } from 'vitest'
import type { ApplicationForm } from '../../../src/domain/application/prefill.ts'
import { EMPTY_FORM, prefillApplication, withAutomaticMethod, withKeyKind } from '../../../src/domain/application/prefill.ts'

const last: ApplicationForm = {
  domains: ['example.com', '*.example.com'],
  validationMethod: 'dnsAutomatic',
  dnsConnectionId: 'dns-1',
  contact: null,
  contactId: 'ctc_1',
  location: { country: 'CN', region: 'Beijing', city: 'Beijing' },
  companyId: 'cpy_1',
  superior: { name: 'Han Meimei', title: 'CTO', phone: '+86 10 0000 0001', email: 'han@example.com' },
  key: 'rsa3072',
  csrPem: null,
  csrId: null,
  hostKey: null,
}

test('where another certificate has the other kind of key beside it, the key keeps its kind', () => {
  expect(withKeyKind(last, null).key).toBe('rsa3072')
  expect(withKeyKind(last, 'rsa').key).toBe('rsa3072')
  expect(withKeyKind(last, 'ecdsa')).toEqual({ ...last, key: 'p256' })
  expect(withKeyKind(EMPTY_FORM, 'rsa').key).toBe('rsa2048')
  expect(withKeyKind({ ...EMPTY_FORM, key: 'p384' }, 'ecdsa').key).toBe('p384')
})

describe('FD §3.8 bought here: prefilled from the last application', () => {
  test('everything is carried over but the CSR', () => {
    const old = {
      lastApplication: { ...last, csrPem: '-----BEGIN CERTIFICATE REQUEST-----', csrId: 'csr_1' },
      hostKey: null,
      names: ['other.example'],
      commonName: null,
    }
    expect(prefillApplication(old, null)).toEqual(last)
  })

  test('a form of before contacts, companies and stored CSRs lacks nothing', () => {
    const { contactId: _1, location: _2, companyId: _3, superior: _4, csrId: _5, hostKey: _6, ...ofBefore } = last
    const old = { lastApplication: ofBefore as ApplicationForm, hostKey: null, names: [], commonName: null }
    expect(prefillApplication(old, null)).toEqual({ ...EMPTY_FORM, ...ofBefore })
  })

  test('a key that was made on a host is made there again', () => {
    const [web1, web2] = [
      { agent: 'web1', site: 'shop' },
      { agent: 'web2', site: 'shop' },
    ]
    const source = { lastApplication: { ...last, csrId: 'csr_1' }, hostKey: web1, names: [], commonName: null }
    expect(prefillApplication(source, null)).toEqual({ ...last, hostKey: web1 })
    const asked = { ...source, lastApplication: { ...last, hostKey: web2 } }
    expect(prefillApplication(asked, null)).toEqual({ ...last, hostKey: web2 })
  })

  test('the form is a copy', () => {
    const form = prefillApplication({ lastApplication: last, hostKey: null, names: [], commonName: null }, null)
    form.domains.push('new.example.com')
    expect(last.domains).toEqual(['example.com', '*.example.com'])
  })
})

describe('FD §3.8 uploaded: prefilled from the subject and the names', () => {
  test.each([
    ['C=CN, ST=Zhejiang, L=Hangzhou, O=Example, CN=a.example.com', { country: 'CN', region: 'Zhejiang', city: 'Hangzhou' }],
    ['CN=x\\, C=US, L=St. John\\, Old Town, ST=a\\=b, C=CA', { country: 'CA', region: 'a=b', city: 'St. John, Old Town' }],
    ['C=CN, CN=a.example.com', null],
    ['C=cn, ST=Zhejiang, L=Hangzhou', null],
    [`C=CN, ST=${'x'.repeat(129)}, L=Hangzhou`, null],
    ['', null],
  ])('the place, when all of it is there: %j', (subject, location) => {
    const old = { lastApplication: null, hostKey: null, names: ['a.example.com'], commonName: null, subject }
    expect(prefillApplication(old, null).location).toEqual(location)
  })

  test.each([
    [
      'common name first, each name once',
      ['a.example.com', 'Example.com', 'b.example.com'],
      'example.com',
      ['example.com', 'a.example.com', 'b.example.com'],
    ],
    ['no common name', ['a.example.com', 'b.example.com'], null, ['a.example.com', 'b.example.com']],
    ['a common name alone', [], 'example.com', ['example.com']],
    ['a company as common name', ['a.example.com'], 'Example Ltd', ['a.example.com']],
    ['an IP address among the names', ['192.0.2.1', 'a.example.com'], '192.0.2.1', ['a.example.com']],
    ['nothing', [], null, []],
  ])('%s', (_what, names, commonName, domains) => {
    expect(prefillApplication({ lastApplication: null, hostKey: null, names, commonName }, null)).toEqual({
      ...EMPTY_FORM,
      domains,
      validationMethod: 'dnsManual',
    })
  })
})

describe('FD §3.8 a mixed product wants a plain name first, and the others keep their order', () => {
  const names = ['*.w.example.com', 'b.example.com', 'w.example.com']
  const plainFirst = ['b.example.com', '*.w.example.com', 'w.example.com']
  test.each([
    ['wildcard first among the names', names, null, 'mixed', plainFirst],
    [
      'wildcard as common name',
      ['w.example.com', ...names],
      '*.w.example.com',
      'mixed',
      ['w.example.com', '*.w.example.com', 'b.example.com'],
    ],
    ['wildcards alone', ['*.b.example.com', '*.a.example.com'], null, 'mixed', ['*.b.example.com', '*.a.example.com']],
    ['no names', [], null, 'mixed', []],
    ['another product', names, null, 'multiWildcard', names],
  ] as const)('%s', (_what, sans, commonName, domainType, domains) => {
    const old = { lastApplication: null, hostKey: null, names: sans, commonName }
    expect(prefillApplication(old, domainType).domains).toEqual(domains)
    const again = { ...old, lastApplication: { ...last, domains: [...new Set(sans)] } }
    if (commonName === null) expect(prefillApplication(again, domainType).domains).toEqual(domains)
  })
})

describe('what works by itself is chosen when there is exactly one such way', () => {
  const byHand = { validationMethod: 'dnsManual', dnsConnectionId: null }
  const byFile = { validationMethod: 'file', dnsConnectionId: null }
  const byDns = { validationMethod: 'dnsAutomatic', dnsConnectionId: 'dns-1' }
  test.each([
    ['none', ['a.example'], [], false, byHand],
    ['the service answers files', ['a.example'], [], true, byFile],
    ['never files for a wildcard', ['a.example', '*.a.example'], [], true, byHand],
    ['a DNS connection', ['a.example', '*.a.example'], ['dns-1'], false, byDns],
    ['a DNS connection, since a wildcard has no files', ['*.a.example'], ['dns-1'], true, byDns],
    ['both', ['a.example'], ['dns-1'], true, byHand],
    ['two DNS connections', ['*.a.example'], ['dns-1', 'dns-2'], true, byHand],
    ['no names', [], [], true, byHand],
  ] as const)('%s', (_what, names, dnsConnectionIds, answersFiles, expected) => {
    const form = prefillApplication({ lastApplication: null, hostKey: null, names, commonName: null }, null)
    expect(withAutomaticMethod({ ...form, domains: [...names] }, { dnsConnectionIds, answersFiles })).toMatchObject(expected)
  })
})
