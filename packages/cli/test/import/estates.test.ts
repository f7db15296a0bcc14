/**
 * Layouts of other tools. acme.sh is not in Debian: its layout here is that of its documentation. What certbot, lego and Caddy really
 * write is in `test/e2e/import.test.ts`.
 */
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { createChain } from '../../../../test/harness/certificates.ts'
import { CliFailure } from '../../src/failure.ts'
import { acmeSh } from '../../src/import/acme-sh.ts'
import { caddy } from '../../src/import/caddy.ts'
import { certbot } from '../../src/import/certbot.ts'
import { ESTATES } from '../../src/import/index.ts'
import { lego } from '../../src/import/lego.ts'
import { collect } from './collect.ts'

const base = mkdtempSync(join(tmpdir(), 'evercert-estates-'))
afterAll(() => rmSync(base, { recursive: true, force: true }))
let root: string
let estates = 0
beforeEach(() => {
  root = join(base, String((estates += 1)))
  mkdirSync(root)
})

const DAY_MS = 86_400_000
const now = Date.now()
const issuer = createChain()
const issue = (...names: string[]) => issuer.issue({ names })

function put(files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
}

describe('acme.sh (layout of its documentation)', () => {
  it('gives RSA and ECC of one domain under two names, and leaves accounts alone', async () => {
    const [rsa, ecc, other] = [issue('shop.example.com'), issue('shop.example.com'), issue('*.blog.example.com')]
    put({
      'account.conf': "ACCOUNT_EMAIL='a@example.com'",
      'ca/acme-v02.api.letsencrypt.org/directory/account.key': other.privateKeyPem,
      'dnsapi/dns_cf.sh': '#!/bin/sh',
      'shop.example.com/shop.example.com.conf': '',
      'shop.example.com/shop.example.com.cer': rsa.pem,
      'shop.example.com/fullchain.cer': rsa.chainPem,
      'shop.example.com/shop.example.com.key': rsa.privateKeyPem,
      'shop.example.com_ecc/shop.example.com.conf': '',
      'shop.example.com_ecc/fullchain.cer': ecc.chainPem,
      'shop.example.com_ecc/shop.example.com.key': ecc.privateKeyPem,
      '*.blog.example.com_ecc/*.blog.example.com.conf': '',
      '*.blog.example.com_ecc/fullchain.cer': other.chainPem,
      '*.blog.example.com_ecc/*.blog.example.com.key': other.privateKeyPem,
      'half.example.com/half.example.com.conf': '',
      'half.example.com/half.example.com.key': other.privateKeyPem,
    })
    const { found, codes } = await collect(acmeSh.read(root, now))
    expect(found.map(({ name, certificatePem }) => [name, certificatePem])).toEqual([
      ['*.blog.example.com', other.chainPem],
      ['shop.example.com', rsa.chainPem],
      ['shop.example.com (ECC)', ecc.chainPem],
    ])
    expect(codes).toEqual(['half.example.com: incomplete'])
  })
})

describe('certbot', () => {
  const putGenerations = (name: string, leaves: readonly ReturnType<typeof issue>[], current: number): void => {
    for (const [index, leaf] of leaves.entries()) {
      put({
        [`archive/${name}/cert${index + 1}.pem`]: leaf.pem,
        [`archive/${name}/fullchain${index + 1}.pem`]: leaf.chainPem,
        [`archive/${name}/privkey${index + 1}.pem`]: leaf.privateKeyPem,
      })
    }
    mkdirSync(join(root, 'live', name), { recursive: true })
    for (const part of ['cert', 'fullchain', 'privkey'])
      symlinkSync(`../../archive/${name}/${part}${current}.pem`, join(root, 'live', name, `${part}.pem`))
  }

  it('gives the current generation with the earlier ones that are valid, oldest first; reports those that expired and what is not in use', async () => {
    const ends = [...Array.from({ length: 9 }, () => -30), 20, 50, 80, 85]
    const generations = ends.map((days) =>
      issuer.issue({ names: ['shop.example.com'], notBefore: now + (days - 90) * DAY_MS, notAfter: now + days * DAY_MS }),
    )
    putGenerations('shop', generations, 12)
    put({ 'live/README': 'read me' })
    const { found, codes } = await collect(certbot.read(root, now))
    const at = (number: number) => generations[number - 1]
    expect(found).toMatchObject([
      {
        name: 'shop',
        certificatePem: at(12)?.chainPem,
        privateKeyPem: at(12)?.privateKeyPem,
        lineage: {
          earlier: [10, 11].map((number) => ({
            name: 'shop',
            certificatePem: at(number)?.chainPem,
            privateKeyPem: at(number)?.privateKeyPem,
          })),
          expiredSha256: at(9)?.sha256,
        },
      },
    ])
    expect(codes).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 13].map((number) => `cert${number}.pem: superseded`))
  })

  it('an earlier generation whose key is missing, or that leads out of the folder, is left out', async () => {
    putGenerations('shop', [issue('shop.example.com'), issue('shop.example.com'), issue('shop.example.com')], 3)
    rmSync(join(root, 'archive/shop/privkey1.pem'))
    rmSync(join(root, 'archive/shop/privkey2.pem'))
    writeFileSync(join(base, 'elsewhere.pem'), issue('shop.example.com').privateKeyPem)
    symlinkSync(join(base, 'elsewhere.pem'), join(root, 'archive/shop/privkey2.pem'))
    const { found, codes } = await collect(certbot.read(root, now))
    expect(found).toMatchObject([{ name: 'shop', lineage: { earlier: [], expiredSha256: null } }])
    expect(codes).toEqual(['cert1.pem: superseded', 'cert2.pem: superseded'])
  })

  it('reports a link that leads out of the folder, and one that leads nowhere', async () => {
    const leaf = issue('shop.example.com')
    put({ 'live/out/fullchain.pem': leaf.chainPem })
    writeFileSync(join(base, 'outside.pem'), leaf.privateKeyPem)
    symlinkSync(join(base, 'outside.pem'), join(root, 'live/out/privkey.pem'))
    put({ 'live/gone/fullchain.pem': leaf.chainPem })
    symlinkSync('../../archive/gone/privkey1.pem', join(root, 'live/gone/privkey.pem'))
    const { found, codes } = await collect(certbot.read(root, now))
    expect(found).toEqual([])
    expect(codes).toEqual(['gone: incomplete', 'out: link'])
  })
})

describe('lego', () => {
  it('gives bundles as they are, and completes a leaf by its issuer file', async () => {
    const [bundle, apart] = [issue('shop.example.com'), issue('*.blog.example.com')]
    put({
      'accounts/x/keys/a.key': bundle.privateKeyPem,
      'certificates/shop.example.com.crt': bundle.chainPem,
      'certificates/shop.example.com.issuer.crt': bundle.chainPem.slice(bundle.pem.length),
      'certificates/shop.example.com.key': bundle.privateKeyPem,
      'certificates/shop.example.com.json': '{}',
      'certificates/_.blog.example.com.crt': apart.pem,
      'certificates/_.blog.example.com.issuer.crt': apart.chainPem.slice(apart.pem.length),
      'certificates/_.blog.example.com.key': apart.privateKeyPem,
      'certificates/gone.example.com.crt': apart.pem,
    })
    const { found, codes } = await collect(lego.read(root, now))
    expect(found.map(({ name, certificatePem }) => [name, certificatePem])).toEqual([
      ['*.blog.example.com', apart.chainPem],
      ['shop.example.com', bundle.chainPem],
    ])
    expect(codes).toEqual(['gone.example.com.crt: incomplete'])
  })
})

describe('Caddy', () => {
  it('gives the sites of every issuer under names of their own, and no CA', async () => {
    const [first, second, wild] = [issue('shop.example.com'), issue('shop.example.com'), issue('*.blog.example.com')]
    const site = (folder: string, name: string, leaf: ReturnType<typeof issue>) => ({
      [`certificates/${folder}/${name}/${name}.crt`]: leaf.chainPem,
      [`certificates/${folder}/${name}/${name}.key`]: leaf.privateKeyPem,
      [`certificates/${folder}/${name}/${name}.json`]: '{}',
    })
    put({
      ...site('acme-v02.api.letsencrypt.org-directory', 'shop.example.com', first),
      ...site('local', 'shop.example.com', second),
      ...site('local', 'wildcard_.blog.example.com', wild),
      'pki/authorities/local/root.key': first.privateKeyPem,
    })
    const { found, codes } = await collect(caddy.read(root, now))
    expect(found.map(({ name }) => name)).toEqual(['shop.example.com', 'shop.example.com (local)', '*.blog.example.com'])
    expect(codes).toEqual(['local: certificateAuthority'])
  })
})

it.each(ESTATES.map((estate) => [estate.id, estate] as const))(
  '%s: a folder that is not its own is refused',
  async (_id, estate) => {
    await expect(collect(estate.read(join(root, 'nothing'), now))).rejects.toThrow(CliFailure)
  },
)

/** What is there and cannot be listed, for root too: a link that leads to itself. */
const unlistable = (path: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  symlinkSync(path.split('/').at(-1) ?? '', join(root, path))
}

describe('odd folders', () => {
  it.each([
    ['certbot', certbot, 'live'],
    ['lego', lego, 'certificates'],
    ['Caddy', caddy, 'certificates'],
    ['acme.sh', acmeSh, ''],
  ])('%s: one that cannot be listed is refused with the path and what to do', async (_id, estate, inner) => {
    unlistable(inner === '' ? 'home' : inner)
    const folder = inner === '' ? join(root, 'home') : root
    await expect(collect(estate.read(folder, now))).rejects.toMatchObject({
      problem: { code: 'invalid', cause: { en: expect.stringContaining(`${join(folder, inner)} cannot be read (ELOOP)`) } },
    })
  })

  it('a file in the place of the folder is refused as no such folder', async () => {
    put({ file: 'x' })
    for (const estate of ESTATES) await expect(collect(estate.read(join(root, 'file'), now))).rejects.toThrow(CliFailure)
  })

  it('certbot: a linked lineage is read, one with a renewal and no live folder is told, and so is one that cannot be listed', async () => {
    const leaf = issue('shop.example.com')
    put({
      'moved/fullchain.pem': leaf.chainPem,
      'moved/privkey.pem': leaf.privateKeyPem,
      'live/README': '',
      'renewal/gone.example.com.conf': '',
      'renewal/shop.example.com.conf': '',
    })
    symlinkSync('../moved', join(root, 'live/shop.example.com'))
    symlinkSync(base, join(root, 'live/out.example.com'))
    symlinkSync('../nowhere', join(root, 'live/lost.example.com'))
    unlistable('live/loop.example.com')
    const { found, codes } = await collect(certbot.read(root, now))
    expect(found.map(({ name, certificatePem }) => [name, certificatePem])).toEqual([['shop.example.com', leaf.chainPem]])
    expect(codes.toSorted()).toEqual([
      'gone.example.com.conf: incomplete',
      'loop.example.com: unreadable',
      'lost.example.com: incomplete',
      'out.example.com: link',
    ])
  })

  it('acme.sh and Caddy: what cannot be listed is left out and told, and the rest is read', async () => {
    const leaf = issue('shop.example.com')
    put({
      'shop.example.com/shop.example.com.conf': '',
      'shop.example.com/fullchain.cer': leaf.chainPem,
      'shop.example.com/shop.example.com.key': leaf.privateKeyPem,
      'certificates/local/shop.example.com/shop.example.com.crt': leaf.chainPem,
      'certificates/local/shop.example.com/shop.example.com.key': leaf.privateKeyPem,
    })
    unlistable('loop.example.com')
    unlistable('certificates/other')
    for (const [estate, left] of [
      [acmeSh, 'loop.example.com: unreadable'],
      [caddy, 'other: unreadable'],
    ] as const) {
      const { found, codes } = await collect(estate.read(root, now))
      expect(found.map(({ name }) => name)).toEqual(['shop.example.com'])
      expect(codes).toEqual([left])
    }
  })
})
