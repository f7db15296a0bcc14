import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_INPUT_BYTES, MAX_PEM_BLOCKS, parsePem, PkiError, toPem } from '../src/index.ts'
import { codeOf } from './code-of.ts'

const block = toPem(Uint8Array.of(1, 2, 3), 'CERTIFICATE')

describe('parsePem', () => {
  test('reads what toPem wrote, whatever the bytes, line ends and text around', () => {
    const bytes = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom('', 'Bag Attributes\n  friendlyName: x\n', '# note\n'),
        (ders, eol, note) => {
          const text = ders.map((der) => note + toPem(der, 'CERTIFICATE')).join('')
          const blocks = parsePem(text.replaceAll('\n', eol))
          expect(blocks.map(({ der }) => Buffer.from(der).toString('hex'))).toEqual(
            ders.map((der) => Buffer.from(der).toString('hex')),
          )
        },
      ),
    )
  })

  test('answers any text with blocks or a PkiError', () => {
    const piece = fc.constantFrom(
      '-----BEGIN CERTIFICATE-----',
      '-----END CERTIFICATE-----',
      '-----BEGIN X-----',
      'AAAA',
      '=',
      '\n',
      '-----',
      ' ',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join('\n')),
        ),
        (text) => {
          try {
            expect(parsePem(text).length).toBeGreaterThan(0)
          } catch (error) {
            expect(error).toBeInstanceOf(PkiError)
          }
        },
      ),
    )
  })

  test.each([
    ['nothing', ''],
    ['no block', 'hello'],
    ['an unfinished block', '-----BEGIN CERTIFICATE-----\nAAAA\n'],
    ['a block in a block', '-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    ['another END', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END PRIVATE KEY-----\n'],
    ['an END alone', '-----END CERTIFICATE-----\n'],
    ['no base64', '-----BEGIN CERTIFICATE-----\nA?AA\n-----END CERTIFICATE-----\n'],
    ['a cut base64', '-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n'],
    ['an empty block', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
    ['an old encrypted key', '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n'],
  ])('refuses %s', (_, text) => {
    expect(codeOf(() => parsePem(text))).toBe('badPem')
  })

  test('refuses more than 256 KiB and more than 20 blocks, and takes 20', () => {
    expect(codeOf(() => parsePem(' '.repeat(MAX_INPUT_BYTES + 1)))).toBe('tooLarge')
    expect(codeOf(() => parsePem(block.repeat(MAX_PEM_BLOCKS + 1)))).toBe('tooLarge')
    expect(parsePem(block.repeat(MAX_PEM_BLOCKS))).toHaveLength(MAX_PEM_BLOCKS)
  })
})
