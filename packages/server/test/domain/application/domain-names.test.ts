import fc from 'fast-check'
import { domainToUnicode } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { DomainAllowance } from '../../../src/domain/application/domain-names.ts'
import { checkDomainsFit, commonNameOf, parseDomainName } from '../../../src/domain/application/domain-names.ts'
import { AppError } from '../../../src/domain/errors.ts'

function failure(act: () => unknown): AppError {
  try {
    act()
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('nothing thrown')
}

const LABEL_63 = 'a'.repeat(63)
/** 253 octets: three labels of 63, one of 57, and `.com`. */
const NAME_253 = `${LABEL_63}.${LABEL_63}.${LABEL_63}.${'a'.repeat(57)}.com`

describe('§4 domain names', () => {
  test.each([
    ['example.com', 'example.com', 'example.com'],
    ['  WWW.Example.COM.  ', 'www.example.com', 'www.example.com'],
    ['*.Example.com', '*.example.com', '*.example.com'],
    ['a.b.c.example.com', 'a.b.c.example.com', 'a.b.c.example.com'],
    ['例子.中国', 'xn--fsqu00a.xn--fiqs8s', '例子.中国'],
    ['例子。中国', 'xn--fsqu00a.xn--fiqs8s', '例子.中国'],
    ['*。例子．中国。', '*.xn--fsqu00a.xn--fiqs8s', '*.例子.中国'],
    ['*.例子.中国', '*.xn--fsqu00a.xn--fiqs8s', '*.例子.中国'],
    ['XN--FSQU00A.xn--fiqs8s', 'xn--fsqu00a.xn--fiqs8s', '例子.中国'],
    ['Bücher.example', 'xn--bcher-kva.example', 'bücher.example'],
    ['faß.de', 'xn--fa-hia.de', 'faß.de'],
    ['ｗｗｗ.example.com', 'www.example.com', 'www.example.com'],
    [`${LABEL_63}.com`, `${LABEL_63}.com`, `${LABEL_63}.com`],
    [NAME_253, NAME_253, NAME_253],
    ['1.example.com', '1.example.com', '1.example.com'],
  ])('%s → %s', (raw, name, unicode) => {
    const parsed = parseDomainName(raw)
    expect(parsed).toMatchObject({ name, unicode, wildcard: name.startsWith('*.') })
    expect(parsed.base).toBe(name.replace('*.', ''))
  })

  test.each(['shop.test', 'localhost', 'api.localhost', 'db.internal', '*.corp.internal', 'printer.local', 'a.example'])(
    '§4 reserved and internal names pass, for private CAs: %s',
    (raw) => {
      expect(parseDomainName(raw).name).toBe(raw)
    },
  )

  test.each([
    ['empty', ''],
    ['blank', '   '],
    ['a dot', '.'],
    ['an empty label', 'a..example.com'],
    ['a leading dot', '.example.com'],
    ['two trailing dots', 'example.com..'],
    ['a label of 64 octets', `${LABEL_63}a.com`],
    ['a label of 64 octets as A-label', `${'ü'.repeat(60)}.com`],
    ['254 octets', `a${NAME_253}`],
    ['253 octets and a wildcard', `*.${NAME_253.slice(1)}`],
    ['a wildcard alone', '*'],
    ['a wildcard of nothing', '*.'],
    ['a wildcard of a top-level domain', '*.com'],
    ['a wildcard of a reserved top-level domain', '*.test'],
    ['a wildcard of localhost', '*.localhost'],
    ['two wildcard levels', '*.*.example.com'],
    ['a wildcard not leftmost', 'www.*.example.com'],
    ['a wildcard within a label', 'w*.example.com'],
    ['a public suffix', 'com'],
    ['a public suffix of two labels', 'co.uk'],
    ['a wildcard of a public suffix', '*.co.uk'],
    ['a public suffix by a wildcard rule', 'kawasaki.jp'],
    ['an IDN public suffix', '公司.cn'],
    ['an IDN public suffix as A-label', 'xn--55qx5d.cn'],
    ['a private suffix', 'github.io'],
    ['a wildcard of a private suffix', '*.github.io'],
    ['one label', 'intranet'],
    ['IPv4', '192.0.2.1'],
    ['IPv4 in hexadecimal', '0xc0.0.2.1'],
    ['IPv4 as a number', '3221225985'],
    ['IPv4 in full-width digits', '１９２.0.2.1'],
    ['IPv6', '2001:db8::1'],
    ['IPv6 in brackets', '[2001:db8::1]'],
    ['a numeric top-level domain', 'example.123'],
    ['a web address', 'https://example.com/'],
    ['a path', 'example.com/login'],
    ['a backslash', 'example.com\\login'],
    ['a query', 'example.com?x'],
    ['a fragment', 'example.com#x'],
    ['a port', 'example.com:443'],
    ['an e-mail address', 'me@example.com'],
    ['two names', 'a.example.com b.example.com'],
    ['names with a comma', 'a.example.com,b.example.com'],
    ['a tab inside', 'exam\tple.com'],
    ['a line break inside', 'exam\nple.com'],
    ['a NUL', 'exam\0ple.com'],
    ['percent-encoding', 'ex%61mple.com'],
    ['an underscore', '_dmarc.example.com'],
    ['a hyphen at the start', '-a.example.com'],
    ['a hyphen at the end', 'a-.example.com'],
    ['reserved hyphens', 'ab--c.example.com'],
    ['an A-label that is not Punycode', 'xn--99999999.example.com'],
    ['an A-label of a control character', 'xn--a.example.com'],
    ['an A-label of plain ASCII', 'xn--abc-.example.com'],
    ['an A-label of capitals', 'xn--bcher-2pa.example.com'],
    ['an A-label of an invisible character', 'xn--ab-m1t.example.com'],
    ['a bare xn--', 'xn--.example.com'],
  ])('§4 refused: %s', (_what, raw) => {
    const error = failure(() => parseDomainName(raw))
    expect(error.code).toBe('badDomain')
    expect(error.facts['names']).toEqual([raw])
    expect(error.facts['adviceZh']).toEqual([expect.stringMatching(/\p{Script=Han}/u)])
  })

  test('a refusal does not echo megabytes', () => {
    const raw = 'a'.repeat(1_000_000)
    expect(failure(() => parseDomainName(raw)).message.length).toBeLessThan(600)
    expect(failure(() => checkDomainsFit([raw], { domainType: 'single', domainCount: 1 })).message.length).toBeLessThan(600)
  })

  const aName = fc
    .tuple(fc.boolean(), fc.domain())
    .map(([wildcard, domain]) => (wildcard ? `*.sub.${domain}` : `sub.${domain}`))
    .filter((name) => !/(?:^|\.).{2}--/u.test(name) && name.length <= 253)

  test('parsing is idempotent, and gives what a certificate may hold', () => {
    fc.assert(
      fc.property(aName, (raw) => {
        const { name, base, unicode } = parseDomainName(raw.toUpperCase())
        expect(name).toBe(raw.toLowerCase())
        expect(parseDomainName(name)).toEqual(parseDomainName(raw))
        expect(parseDomainName(unicode).name).toBe(name)
        expect(base).toMatch(/^[a-z0-9.-]+$/u)
      }),
    )
  })

  // Both written out: the tables of `fc.webUrl()` and of the unit `binary` take most of a second to make.
  const anAddress = fc.stringMatching(
    /^(?:https?|ftp):\/\/(?:[a-z]{1,6}(?::[a-z]{1,6})?@)?[a-zA-Z0-9.-]{1,24}(?::\d{1,5})?(?:\/[\w%~;=-]{0,8}){0,3}(?:\?[\w&=]{0,8})?(?:#\w{0,4})?$/,
  )
  const anyCharacters = fc.string({ unit: fc.nat({ max: 0x10ffff }).map((point) => String.fromCodePoint(point)) })

  test('any string either parses to a lower-case ASCII name or is badDomain', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), anAddress, fc.ipV4(), fc.ipV6(), anyCharacters), (raw) => {
        try {
          const { name, unicode } = parseDomainName(`${raw}.example.com`)
          expect(name).toMatch(/^(?:\*\.)?[a-z0-9.-]+$/u)
          expect(unicode).toBe(domainToUnicode(name.replace('*.', '')).replace(/^/u, name.startsWith('*.') ? '*.' : ''))
          expect(parseDomainName(name).name).toBe(name)
        } catch (error) {
          if (!(error instanceof AppError)) throw error
          expect(error.code).toBe('badDomain')
        }
      }),
      { numRuns: 500 },
    )
  })
})

test('§4 the common name is the first name, or the first that is not a wildcard', () => {
  expect(commonNameOf(['a.example.com', 'b.example.com'])).toBe('a.example.com')
  expect(commonNameOf(['*.example.com'])).toBe('*.example.com')
  expect(commonNameOf(['*.example.com', 'example.com'])).toBe('example.com')
  expect(commonNameOf([])).toBeNull()
})

describe('§4 the domains must fit the bought domain type and count', () => {
  const allow = (domainType: DomainAllowance['domainType'], domainCount = 1): DomainAllowance => ({ domainType, domainCount })

  test.each([
    ['single', allow('single'), ['a.example.com']],
    ['wildcard', allow('wildcard'), ['*.example.com']],
    ['multi, all of it', allow('multi', 3), ['a.example.com', 'b.example.com', 'c.example.com']],
    ['multi, a part of it', allow('multi', 3), ['a.example.com']],
    ['multiWildcard', allow('multiWildcard', 2), ['*.example.com', '*.example.org']],
    ['mixed', allow('mixed', 3), ['example.com', '*.example.com', 'www.example.com']],
    ['mixed without wildcard', allow('mixed', 3), ['example.com']],
  ])('%s', (_what, allowance, names) => {
    expect(() => checkDomainsFit(names, allowance)).not.toThrow()
  })

  test.each([
    ['none', allow('single'), [], []],
    ['single with a wildcard', allow('single'), ['*.example.com'], ['*.example.com']],
    ['single with two', allow('single', 5), ['a.example.com', 'b.example.com'], ['b.example.com']],
    ['www is no free companion', allow('single'), ['example.com', 'www.example.com'], ['www.example.com']],
    ['the apex is no free companion of a wildcard', allow('wildcard'), ['*.example.com', 'example.com'], ['example.com']],
    ['wildcard with a plain name', allow('wildcard'), ['example.com'], ['example.com']],
    ['wildcard with two', allow('wildcard', 5), ['*.example.com', '*.example.org'], ['*.example.org']],
    ['multi with a wildcard', allow('multi', 2), ['a.example.com', '*.example.com'], ['*.example.com']],
    ['multi beyond the count', allow('multi', 1), ['a.example.com', 'b.example.com'], ['b.example.com']],
    ['multiWildcard with a plain name', allow('multiWildcard', 2), ['*.example.com', 'example.com'], ['example.com']],
    ['mixed with a wildcard first', allow('mixed', 2), ['*.example.com', 'example.com'], ['*.example.com']],
    ['mixed beyond the count', allow('mixed', 2), ['example.com', '*.example.com', 'a.example.com'], ['a.example.com']],
    ['twice', allow('multi', 3), ['a.example.com', 'A.example.com.'], ['A.example.com.']],
    ['twice, once as IDN', allow('multi', 3), ['bücher.example', 'xn--bcher-kva.example'], ['xn--bcher-kva.example']],
    ['not a name', allow('multi', 3), ['a.example.com', 'a_b.example.com'], ['a_b.example.com']],
  ])('refused: %s', (_what, allowance, names, wrong) => {
    const error = failure(() => checkDomainsFit(names, allowance))
    expect(error.code).toBe('badDomain')
    expect(error.facts['names']).toEqual(wrong)
  })

  test('every wrong name is listed at once, with what to do', () => {
    const names = ['*.example.com', 'b.example.com', 'B.example.com', 'c_d.example.com', 'e.example.com']
    const error = failure(() => checkDomainsFit(names, allow('mixed', 4)))
    expect(error.facts['names']).toEqual(['*.example.com', 'B.example.com', 'c_d.example.com', 'e.example.com'])
    for (const name of ['*.example.com', 'B.example.com', 'c_d.example.com', 'e.example.com'])
      expect(error.message).toContain(`${name}:`)
    expect([error.facts['adviceEn'], error.facts['adviceZh']]).toEqual([
      expect.arrayContaining(['it is there twice: remove one']),
      expect.arrayContaining(['域名重复，请删除一个']),
    ])
  })
})
