import { describe, expect, test } from 'vitest'
import type { ApplicationForm } from '../../../src/domain/application/prefill.ts'
import { prefillApplication } from '../../../src/domain/application/prefill.ts'

const last: ApplicationForm = {
  domains: ['example.com', '*.example.com'],
  validationMethod: 'dnsAutomatic',
  dnsConnectionId: 'dns-1',
  contact: { name: 'Li Lei', email: 'li@example.com', phone: '+86 10 0000 0000' },
  key: 'rsa3072',
  csrPem: null,
}

describe('FD §3.8 bought here: prefilled from the last application', () => {
  test('everything is carried over but the CSR', () => {
    const old = {
      lastApplication: { ...last, csrPem: '-----BEGIN CERTIFICATE REQUEST-----' },
      names: ['other.example'],
      commonName: null,
    }
    expect(prefillApplication(old)).toEqual(last)
  })

  test('the form is a copy', () => {
    const form = prefillApplication({ lastApplication: last, names: [], commonName: null })
    form.domains.push('new.example.com')
    expect(last.domains).toEqual(['example.com', '*.example.com'])
  })
})

describe('FD §3.8 uploaded: prefilled from the subject and the names', () => {
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
    expect(prefillApplication({ lastApplication: null, names, commonName })).toEqual({
      domains,
      validationMethod: 'dnsManual',
      dnsConnectionId: null,
      contact: null,
      key: 'p256',
      csrPem: null,
    })
  })
})
