import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { archiveName, isSecret, NOTE_NAME, planFiles, safeBaseName } from '../../../src/domain/download/file-names.ts'
import type { DownloadWish } from '../../../src/domain/download/decide-download.ts'

/** UTF-16 of any kind, halves of pairs included. */
const anyUnits = fc.array(fc.nat({ max: 0xffff }), { maxLength: 64 }).map((units) => String.fromCharCode(...units))

describe('safeBaseName', () => {
  test.each([
    ['shop.example.com', 'shop.example.com'],
    ['*.example.com', '_.example.com'],
    ['My site (2026)', 'My-site-2026'],
    ['../../etc/passwd', 'etc-passwd'],
    ['..', 'crt_1'],
    ['.hidden', 'hidden'],
    ['-rf', 'rf'],
    ['a\nb\tc', 'a-b-c'],
    ['a"; filename="b', 'a-filename-b'],
    ['nul.example.com', '_nul.example.com'],
    ['CON', '_CON'],
    ['console.example.com', 'console.example.com'],
    ['商店', 'crt_1'],
    ['商店 shop', 'shop'],
  ])('%j becomes %s', (name, expected) => {
    expect(safeBaseName(name, 'crt_1')).toBe(expected)
  })

  test('a name with nothing usable gives way to the first domain', () => {
    expect(safeBaseName('商店', 'xn--czr694b.example', 'crt_1')).toBe('xn--czr694b.example')
  })

  test('any name is one file in the folder, and no option of a command', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 64 }), anyUnits), (name) => {
        const safe = safeBaseName(name, 'crt_1')
        expect(safe).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,64}$/)
        expect(safe).toMatch(/[A-Za-z0-9]/)
        expect(safe).toMatch(/[^.]$/)
      }),
    )
  })
})

describe('planFiles', () => {
  const files = (format: DownloadWish['format'], withKey: boolean, hasIntermediates = true) =>
    planFiles('shop', { format, withKey }, hasIntermediates).map(({ name }) => name)

  test.each<[DownloadWish['format'], boolean, string[]]>([
    ['nginx', true, ['shop.pem', 'shop.key']],
    ['nginx', false, ['shop.pem']],
    ['apache', true, ['shop_public.crt', 'shop_chain.crt', 'shop.key']],
    ['apache', false, ['shop_public.crt', 'shop_chain.crt']],
    ['tomcat', true, ['shop.pfx', 'pfx-password.txt']],
    ['iis', true, ['shop.pfx', 'pfx-password.txt']],
    ['jks', true, ['shop.jks', 'jks-password.txt']],
    ['other', true, ['shop.pem', 'shop_chain.pem', 'shop_fullchain.pem', 'shop.key']],
    ['other', false, ['shop.pem', 'shop_chain.pem', 'shop_fullchain.pem']],
    ['root', false, ['shop_root.crt']],
  ])('%s, with key: %s', (format, withKey, expected) => {
    expect(files(format, withKey)).toEqual(expected)
  })

  test('without intermediates there is no empty file of them', () => {
    expect(files('apache', true, false)).toEqual(['shop_public.crt', 'shop.key'])
    expect(files('other', true, false)).toEqual(['shop.pem', 'shop_fullchain.pem', 'shop.key'])
  })

  test('no file has the name of the note, whatever the certificate is called', () => {
    for (const name of [NOTE_NAME, 'README'])
      for (const format of ['nginx', 'other', 'root'] as const)
        expect(planFiles(safeBaseName(name), { format, withKey: false }, true).map((file) => file.name)).not.toContain(NOTE_NAME)
  })

  test('keys, keystores and passwords are secret, certificates are not', () => {
    expect((['key', 'keystore', 'password'] as const).every(isSecret)).toBe(true)
    expect((['fullChain', 'leaf', 'intermediates', 'root'] as const).some(isSecret)).toBe(false)
  })

  test('the archive says what it is for', () => {
    expect(archiveName('shop', 'iis')).toBe('shop_iis.zip')
  })
})
