import { createPublicKey, createPrivateKey, X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCsr, generateKey, parseCertificate, parseChain, toPem } from '@evercert/pki'
import { certificateFormat, keyFormat, type CertificateDetail, type ProblemCode } from '@evercert/contract'
import { createRoot, createSelfSigned } from '../../../../test/harness/certificates.ts'
import { openWithKeytool, openWithOpenssl } from '../../../pki/test/keystore/open-keystore.ts'
import { DAY_MS } from '../../src/domain/time.ts'
import { openArchive } from '../support/archive.ts'
import {
  aForeignCertificate,
  aForm,
  anAccount,
  anIssuedCertificate,
  anUpload,
  aSite,
  buyCertificate,
  obtain,
  refusalOf,
  type TestAccount,
} from '../support/builders.ts'
import { createClock, DEFAULT_START } from '../support/clock.ts'
import { oneDatabase, isPostgres } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'

const PEM_KEY = /-----BEGIN (?:RSA |EC )?PRIVATE KEY-----/

oneDatabase((kind, open) => {
  let service: TestService
  let account: TestAccount
  let bought: CertificateDetail
  const clock = createClock(DEFAULT_START)
  beforeAll(async () => {
    service = await startTestService({ database: await open(), clock })
    account = await anAccount(service)
    bought = await anIssuedCertificate(account)
  })
  afterAll(() => service.stop())

  const withKey = async (format: (typeof keyFormat.options)[number], id = bought.id) =>
    openArchive(await account.client.downloads.withKey({ id, format }))
  const alone = async (format: (typeof certificateFormat.options)[number], id = bought.id) =>
    openArchive(await account.client.downloads.certificate({ id, format }))
  const handedOut = async (id: string) =>
    (await account.client.certificates.get({ id })).history.filter(({ subject, to }) => subject === 'key' && to === 'downloaded')
  const chainOf = (detail: CertificateDetail) => parseChain(detail.chainPem ?? '')
  const spkiOf = (keyPem: string) => createPublicKey(createPrivateKey(keyPem)).export({ type: 'spki', format: 'der' })
  const certifiedSpki = (pem: string) => new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' })

  describe('of a certificate that was bought here', () => {
    test('nginx: chain and key, with modes and a note', async () => {
      const { files, modes, text } = await withKey('nginx')
      const base = bought.name
      expect(Object.keys(files).toSorted()).toEqual(['README.txt', `${base}.key`, `${base}.pem`].toSorted())
      expect(text(`${base}.pem`)).toBe(bought.chainPem)
      expect(spkiOf(text(`${base}.key`)).equals(certifiedSpki(bought.chainPem ?? ''))).toBe(true)
      expect(modes).toEqual({ 'README.txt': 0o644, [`${base}.pem`]: 0o644, [`${base}.key`]: 0o600 })
      expect(text('README.txt')).toContain(`ssl_certificate_key /etc/nginx/tls/${base}.key;`)
      expect(text('README.txt')).toContain('证书及中间证书')
    })

    test('apache: leaf, intermediates and key apart', async () => {
      const { files, text } = await withKey('apache')
      const [leaf, ...intermediates] = chainOf(bought)
      expect(Object.keys(files)).toHaveLength(4)
      expect(parseChain(text(`${bought.name}_public.crt`)).map(({ sha256 }) => sha256)).toEqual([leaf?.sha256])
      expect(parseChain(text(`${bought.name}_chain.crt`))).toEqual(intermediates)
      expect(text(`${bought.name}.key`)).toMatch(PEM_KEY)
    })

    test('other: leaf, intermediates, both, and key', async () => {
      const { text } = await withKey('other')
      const base = bought.name
      expect(text(`${base}.pem`) + text(`${base}_chain.pem`)).toBe(bought.chainPem)
      expect(text(`${base}_fullchain.pem`)).toBe(bought.chainPem)
      expect(text(`${base}.key`)).toMatch(PEM_KEY)
    })

    test.each(['tomcat', 'iis'] as const)('%s: a keystore and its password, which opens it', async (format) => {
      const { files, modes, text } = await withKey(format)
      const password = text('pfx-password.txt')
      expect(password).toMatch(/^[a-z2-9]{26}$/)
      const expected = {
        spkiSha256: chainOf(bought)[0]?.spkiSha256,
        chain: chainOf(bought).map(({ sha256 }) => sha256),
      }
      expect(await openWithOpenssl(files[`${bought.name}.pfx`] ?? new Uint8Array(), password)).toEqual(expected)
      expect([modes[`${bought.name}.pfx`], modes['pfx-password.txt']]).toEqual([0o600, 0o600])
      expect(
        Buffer.from(files['README.txt'] ?? [])
          .subarray(0, 3)
          .equals(Buffer.from('\uFEFF')),
      ).toBe(format === 'iis')
      expect(text('README.txt').includes('\r\n')).toBe(format === 'iis')
    })

    test.runIf(isPostgres(kind))('jks: a keystore that Java opens with its password', async () => {
      const { files, text } = await withKey('jks')
      const opened = await openWithKeytool(files[`${bought.name}.jks`] ?? new Uint8Array(), 'JKS', text('jks-password.txt'))
      expect(opened).toEqual({
        spkiSha256: chainOf(bought)[0]?.spkiSha256,
        chain: chainOf(bought).map(({ sha256 }) => sha256),
      })
    })

    test('root: the one that signed the chain, and no key', async () => {
      const { files, text } = await alone('root')
      const root = parseCertificate(text(`${bought.name}_root.crt`))
      const { items } = await account.client.issuers.list()
      expect(items.map(({ rootPem }) => rootPem)).toContain(text(`${bought.name}_root.crt`))
      expect(root.subject).toBe(chainOf(bought).at(-1)?.issuer)
      expect(Object.values(files).some((bytes) => PEM_KEY.test(Buffer.from(bytes).toString()))).toBe(false)
    })

    test.each(certificateFormat.options)('%s without the key holds none, and is not recorded as one', async (format) => {
      const before = await handedOut(bought.id)
      const { files } = await alone(format)
      expect(Object.keys(files).length).toBeGreaterThanOrEqual(2)
      for (const bytes of Object.values(files)) expect(Buffer.from(bytes).toString()).not.toMatch(PEM_KEY)
      expect(await handedOut(bought.id)).toEqual(before)
    })

    test('every download of a key is in the history, with who and what', async () => {
      const certificate = await anIssuedCertificate(account)
      for (const format of keyFormat.options) await withKey(format, certificate.id)
      const lines = await handedOut(certificate.id)
      expect(lines.map(({ detail }) => detail).toReversed()).toEqual(
        keyFormat.options.map((format) => `${format}, SHA-256 ${certificate.sha256 ?? ''}`),
      )
      expect(new Set(lines.map(({ actor }) => actor))).toEqual(new Set(['test']))
    })

    test('each download has a new password and another keystore', async () => {
      for (const format of ['tomcat', 'iis', 'jks'] as const) {
        const [one, two] = [await withKey(format), await withKey(format)]
        const password = format === 'jks' ? 'jks-password.txt' : 'pfx-password.txt'
        expect(one.text(password)).not.toBe(two.text(password))
        const [store] = Object.keys(one.files).filter((name) => /\.(pfx|jks)$/.test(name))
        expect(Buffer.from(one.files[store ?? ''] ?? []).equals(two.files[store ?? ''] ?? new Uint8Array())).toBe(false)
      }
    })

    test('a certificate with an RSA key is no different', async () => {
      const { id } = await buyCertificate(account)
      const certificate = await obtain(account, id, aForm([aSite(service)], { key: 'rsa2048' }))
      const { files, text } = await withKey('iis', id)
      const opened = await openWithOpenssl(files[`${certificate.name}.pfx`] ?? new Uint8Array(), text('pfx-password.txt'))
      expect(opened.spkiSha256).toBe(chainOf(certificate)[0]?.spkiSha256)
    })

    test('the answer is a zip with the certificate’s name that nobody keeps', async () => {
      for (const [path, body] of [
        ['downloads/with-key', { format: 'tomcat' }],
        ['downloads', { format: 'nginx' }],
      ] as const) {
        const answer = await service.fetch(`/api/v1/certificates/${bought.id}/${path}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${account.token}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
        expect(answer.status).toBe(200)
        expect(answer.headers.get('content-type')).toBe('application/zip')
        expect(answer.headers.get('cache-control')).toBe('no-store')
        expect(answer.headers.get('content-disposition')).toContain(`filename="${bought.name}_${body.format}.zip"`)
        expect(
          Buffer.from(await answer.arrayBuffer())
            .subarray(0, 2)
            .toString(),
        ).toBe('PK')
      }
    })

    test('refusals are kept by nobody either', async () => {
      const answer = await service.fetch(`/api/v1/certificates/${bought.id}/downloads`, {
        headers: { authorization: 'Bearer evc_no' },
      })
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([401, 'no-store'])
    })

    test('after it expired it can still be downloaded', async () => {
      const certificate = await anIssuedCertificate(account)
      clock.moveTo(Date.parse(certificate.notAfter ?? '') + DAY_MS)
      expect((await account.client.certificates.get({ id: certificate.id })).status).toBe('expired')
      expect((await withKey('nginx', certificate.id)).text(`${certificate.name}.key`)).toMatch(PEM_KEY)
      clock.moveTo(DEFAULT_START)
    })
  })

  /** Everything there is, asked for once: the code that each is refused with, or null. */
  async function outcomes(id: string): Promise<Record<string, ProblemCode | null>> {
    const codeOf = (call: Promise<unknown>) =>
      call.then(
        () => null,
        () => refusalOf(call).then(({ code }) => code),
      )
    const all: (readonly [string, ProblemCode | null])[] = []
    for (const format of keyFormat.options)
      all.push([`${format} with key`, await codeOf(account.client.downloads.withKey({ id, format }))])
    for (const format of certificateFormat.options)
      all.push([format, await codeOf(account.client.downloads.certificate({ id, format }))])
    return Object.fromEntries(all)
  }

  /** What the list says of the same. */
  async function offers(id: string): Promise<Record<string, ProblemCode | null>> {
    const { items } = await account.client.downloads.list({ id })
    const all = items.flatMap(({ format, certificateOnly, withKey: keyed }) => [
      ...(keyed === null ? [] : [[`${format} with key`, keyed] as const]),
      ...(certificateOnly === null ? [] : [[format, certificateOnly] as const]),
    ])
    for (const [, offer] of all) expect(offer.available).toBe(offer.problem === null)
    return Object.fromEntries(all.map(([name, offer]) => [name, offer.problem?.code ?? null]))
  }

  const all = (withKeyCode: ProblemCode | null, aloneCode: ProblemCode | null, rootCode = aloneCode) => ({
    ...Object.fromEntries(keyFormat.options.map((format) => [`${format} with key`, withKeyCode])),
    ...Object.fromEntries(certificateFormat.options.map((format) => [format, format === 'root' ? rootCode : aloneCode])),
  })

  describe('what is available, and why not: the list says what the download does', () => {
    test('bought here: everything', async () => {
      expect(await offers(bought.id)).toEqual(all(null, null))
      expect(await outcomes(bought.id)).toEqual(all(null, null))
    })

    test('the list names the files', async () => {
      const { items } = await account.client.downloads.list({ id: bought.id })
      expect(items.find(({ format }) => format === 'iis')?.archive).toBe((await withKey('iis')).name)
      const apache = items.find(({ format }) => format === 'apache')
      expect(apache?.withKey?.files).toEqual([`${bought.name}_public.crt`, `${bought.name}_chain.crt`, `${bought.name}.key`])
      expect(apache?.certificateOnly?.files).toEqual(apache?.withKey?.files.slice(0, 2))
      expect(Object.keys((await withKey('apache')).files)).toEqual(['README.txt', ...(apache?.withKey?.files ?? [])])
    })

    test('bought with a pasted CSR: no key', async () => {
      const { id } = await buyCertificate(account)
      const site = aSite(service)
      const csrPem = toPem(await createCsr({ key: await generateKey(), names: [site], commonName: site }), 'CERTIFICATE REQUEST')
      const issued = await obtain(account, id, aForm([site], { csrPem }))
      expect(await offers(id)).toEqual(all('keyNotStored', null))
      expect(await outcomes(id)).toEqual(all('keyNotStored', null))
      expect((await alone('nginx', id)).text('README.txt')).toContain('private key is not in this archive')
      expect((await alone('nginx', id)).text(`${issued.name}.pem`)).toBe(issued.chainPem)
      expect(await handedOut(id)).toEqual([])
    })

    test('uploaded: its key is never given out again', async () => {
      const { id } = await anUpload(account, { leaf: aForeignCertificate(service) })
      expect(await offers(id)).toEqual(all('keyNotDownloadable', null, 'rootUnknown'))
      expect(await outcomes(id)).toEqual(all('keyNotDownloadable', null, 'rootUnknown'))
      expect(await handedOut(id)).toEqual([])
    })

    test('uploaded with its root, or self-signed: the root is known', async () => {
      const validity = { notBefore: clock.now() - DAY_MS, notAfter: clock.now() + 90 * DAY_MS }
      const root = createRoot(validity)
      const leaf = root.issue({ ...validity, names: ['rooted.example.com'] })
      const complete = await anUpload(account, { leaf: { ...leaf, chainPem: leaf.pem + root.pem }, name: 'rooted' })
      expect((await alone('root', complete.id)).text('rooted_root.crt')).toBe(root.pem)
      const own = createSelfSigned({ ...validity, names: ['own.example.com'] })
      const selfSigned = await anUpload(account, { leaf: own, name: 'own' })
      expect((await alone('root', selfSigned.id)).text('own_root.crt')).toBe(own.pem)
      expect(Object.keys((await alone('apache', selfSigned.id)).files)).toEqual(['README.txt', 'own_public.crt'])
    })

    test('not issued: nothing', async () => {
      const { id } = await buyCertificate(account)
      expect(await offers(id)).toEqual(all('certificateNotIssued', 'certificateNotIssued'))
      expect(await outcomes(id)).toEqual(all('certificateNotIssued', 'certificateNotIssued'))
    })

    test.each(['revoked_at', 'revocation_requested_at'] as const)('with %s: nothing', async (column) => {
      const { id } = await anIssuedCertificate(account)
      await service.services.db
        .updateTable('certificate')
        .set({ [column]: new Date(clock.now()) })
        .where('id', '=', id)
        .execute()
      expect(await offers(id)).toEqual(all('certificateRevoked', 'certificateRevoked'))
      expect(await outcomes(id)).toEqual(all('certificateRevoked', 'certificateRevoked'))
      expect(await handedOut(id)).toEqual([])
    })
  })

  describe('permissions', () => {
    test('who may read certificates downloads them without their key, and not with it', async () => {
      const reader = await anAccount(service, { scopes: ['certificates:read'] })
      // Of the same account.
      await service.services.db
        .updateTable('access_token')
        .set({ account_id: account.accountId })
        .where('account_id', '=', reader.accountId)
        .execute()
      await reader.client.downloads.certificate({ id: bought.id, format: 'nginx' })
      expect(await refusalOf(reader.client.downloads.withKey({ id: bought.id, format: 'nginx' }))).toMatchObject({
        code: 'forbidden',
        facts: { scope: 'keys:download' },
      })
    })

    test.each([
      ['certificate', 'tomcat'],
      ['certificate', 'jks'],
      ['withKey', 'root'],
      ['withKey', 'zip'],
    ] as const)('%s knows no format %s', async (operation, format) => {
      const call = account.client.downloads[operation]({ id: bought.id, format: format as 'nginx' })
      expect((await refusalOf(call)).code).toBe('invalid')
    })
  })
})
