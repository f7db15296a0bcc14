import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ApplicationFormView, Scope } from '@evercert/contract'
import { createCsr, generateKey, toPem } from '@evercert/pki'
import type { Trx } from '../../src/db/transition.ts'
import { submitApplication } from '../../src/services/applications.ts'
import {
  aForm,
  anAccount,
  aSite,
  anUpload,
  buyCertificate,
  obtain,
  PRIVATE_MULTI,
  PRIVATE_SINGLE,
  PRIVATE_WILDCARD,
  refusalOf,
  waitForIssuance,
  type TestAccount,
} from '../support/builders.ts'
import { eachDatabase } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

async function aCsr(names: readonly string[], commonName: string | null = null): Promise<string> {
  return toPem(await createCsr({ key: await generateKey(), names, commonName }), 'CERTIFICATE REQUEST')
}

/** What our own code refuses to make. */
function csrByOpenssl(name: string, ...options: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-csr-'))
  const common = ['req', '-new', '-nodes', '-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'csr.pem')]
  try {
    execFileSync('openssl', [...common, ...files, ...options], { stdio: 'ignore' })
    return readFileSync(join(folder, 'csr.pem'), 'utf8')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open() })
    account = await anAccount(service)
  })
  afterAll(() => service.stop())

  type Submitted = ApplicationFormView & { readonly reissue?: boolean }
  const submit = (id: string, form: Submitted) => account.client.applications.submit({ id, ...form })
  const refusal = (id: string, form: Submitted) => refusalOf(submit(id, form))

  test('before any application a new purchase shows an empty form', async () => {
    const { id } = await buyCertificate(account)
    const draft = await account.client.applications.get({ id })
    expect(draft).toMatchObject({ id: null, state: 'draft', prefilledFrom: null, form: { domains: [], csrPem: null } })
  })

  test('a name that a certificate is given while it is applied for stays', async () => {
    const { id } = await buyCertificate(account)
    const { services } = service
    const caller = { accountId: account.accountId, tokenId: 'tok', actor: 'test', scopes: new Set<Scope>() }
    const name = `named ${id}`
    // What was read of the certificate is old when the application is stored.
    const db = new Proxy(services.db, {
      get: (target, key) => {
        if (key !== 'transaction') return (Reflect.get(target, key, target) as () => unknown).bind(target)
        const execute = async (work: (trx: Trx) => Promise<unknown>) => {
          await account.client.certificates.rename({ id, name })
          return target.transaction().execute(work)
        }
        return () => ({ execute })
      },
    })
    await submitApplication({ ...services, db }, caller, id, aForm([aSite(service)]))
    expect(await account.client.certificates.get({ id })).toMatchObject({ name, status: 'pendingValidation' })
  })

  test('a certificate is issued once the validation file is seen; the proof is shown and dated', async () => {
    const { id } = await buyCertificate(account)
    const site = aSite(service)
    const issued = await obtain(account, id, aForm([site]))
    expect(issued).toMatchObject({ status: 'issued', domains: [site], name: site })
    // A second one for the same domain is told apart by its number, not by an id that says nothing.
    const other = await buyCertificate(account)
    await submit(other.id, aForm([site]))
    expect(await account.client.certificates.get({ id: other.id })).toMatchObject({ name: `${site} (2)` })
    const application = await account.client.applications.get({ id })
    expect(application).toMatchObject({ state: 'issued', problem: null })
    expect(application.validations).toMatchObject([{ domain: site, method: 'file', state: 'valid', problem: null }])
    expect(application.validations[0]?.location).toBe(`http://${site}/.well-known/pki-validation/fileauth.txt`)
    expect(application.validations[0]?.validatedAt).not.toBeNull()
    expect(issued.history.map(({ subject, to }) => `${subject} ${to}`)).toEqual(
      expect.arrayContaining([
        'certificate pendingApplication',
        'application pendingValidation',
        'application inReview',
        'application issued',
      ]),
    )
  })

  test('while the proof is missing the certificate waits, says what was seen, and goes on when it is there', async () => {
    const { id } = await buyCertificate(account)
    const site = aSite(service)
    await submit(id, aForm([site], { validationMethod: 'dnsManual' }))
    const waiting = await waitFor('the missing record to be noticed', async () => {
      const view = await account.client.applications.get({ id })
      return view.problem === null ? null : view
    })
    expect(waiting).toMatchObject({ state: 'pendingValidation', problem: { code: 'validationFailed' } })
    const [validation] = waiting.validations
    expect(validation).toMatchObject({ method: 'dns', location: `_dnsauth.${site}` })
    const certificate = await account.client.certificates.get({ id })
    expect(certificate).toMatchObject({ status: 'pendingValidation', nextStep: { code: 'completeValidation', mover: 'user' } })
    service.dns.add(validation?.location ?? '', 'TXT', validation?.content ?? '')
    await account.client.applications.check({ id })
    expect(await waitForIssuance(account, id)).toMatchObject({ status: 'issued' })
  })

  test('a wildcard is validated by DNS, never by file', async () => {
    const { id } = await buyCertificate(account, { productId: PRIVATE_WILDCARD })
    const site = aSite(service)
    expect(await refusal(id, aForm([`*.${site}`]))).toMatchObject({ code: 'badDomain' })
    await submit(id, aForm([`*.${site}`], { validationMethod: 'dnsManual' }))
    const { validations } = await waitFor('the challenge', async () => {
      const view = await account.client.applications.get({ id })
      return view.validations.length > 0 ? view : null
    })
    for (const { location, content } of validations) service.dns.add(location, 'TXT', content)
    await account.client.applications.check({ id })
    expect((await waitForIssuance(account, id)).domains).toEqual([`*.${site}`])
  })

  test('every name of a certificate for several is proved by itself', async () => {
    const { id } = await buyCertificate(account, { productId: PRIVATE_MULTI, domainCount: 3 })
    const sites = [aSite(service), aSite(service), aSite(service)]
    const issued = await obtain(account, id, aForm(sites, { key: 'rsa2048' }))
    expect(issued.domains.toSorted()).toEqual(sites.toSorted())
    expect((await account.client.applications.get({ id })).validations).toHaveLength(3)
  })

  describe('the domains', () => {
    let single: string
    let multi: string
    beforeAll(async () => {
      single = (await buyCertificate(account)).id
      multi = (await buyCertificate(account, { productId: PRIVATE_MULTI, domainCount: 2 })).id
    })

    test.each([
      ['a wildcard in a product without', ['*.example.com']],
      ['one name too many', ['a.example.com', 'b.example.com']],
      ['a public suffix', ['com.cn']],
      ['a private public suffix', ['github.io']],
      ['an address', ['192.0.2.1']],
      ['a URL', ['https://example.com/']],
      ['an underscore', ['_dmarc.example.com']],
      ['a label of 64 octets', [`${'a'.repeat(64)}.example.com`]],
      ['a name of 254 octets', [`${'a.'.repeat(122)}example.com`]],
      ['a trailing hyphen', ['shop-.example.com']],
      ['a broken A-label', ['xn--zzzzzz9999.example.com']],
    ])('%s is refused, naming what to do', async (_what, domains) => {
      const answer = await refusal(single, aForm(domains))
      expect(answer).toMatchObject({ code: 'badDomain', status: 422 })
      expect(answer.facts['names']).toHaveLength(1)
    })

    test('a name given twice is refused, in any spelling', async () => {
      expect(await refusal(multi, aForm(['shop.example.com', 'SHOP.example.com.']))).toMatchObject({ code: 'badDomain' })
      expect(await refusal(multi, aForm(['bücher.example.com', 'xn--bcher-kva.example.com']))).toMatchObject({
        code: 'badDomain',
      })
    })

    test('all names that are wrong are named at once', async () => {
      const answer = await refusal(multi, aForm(['*.example.com', 'http://x.example.com', 'fine.example.com']))
      expect(answer.facts['names']).toEqual(['*.example.com', 'http://x.example.com', 'fine.example.com'])
    })

    test('none, or hundreds, are refused before they are read', async () => {
      expect(await refusal(multi, aForm([]))).toMatchObject({ code: 'invalid' })
      expect(await refusal(multi, aForm(Array.from({ length: 251 }, (_, n) => `n${n}.example.com`)))).toMatchObject({
        code: 'invalid',
      })
    })

    test('an international name is issued as its A-label', async () => {
      const { id } = await buyCertificate(account)
      service.addSite('xn--bcher-kva.example.com')
      const issued = await obtain(account, id, aForm(['Bücher。example.com']))
      expect(issued.domains).toEqual(['xn--bcher-kva.example.com'])
    })
  })

  describe('a pasted CSR', () => {
    let id: string
    const name = 'csr.example.com'
    const withCsr = (csrPem: string, domains: readonly string[] = [name]) => aForm(domains, { csrPem })
    beforeAll(async () => {
      id = (await buyCertificate(account)).id
    })

    test.each([
      ['with other names', async () => aCsr(['other.example.com'])],
      ['with a name too many', async () => aCsr([name, 'more.example.com'])],
      ['with a common name that is not among the domains', async () => aCsr([name], 'elsewhere.example.com')],
      ['with a key of 1024 bits', () => Promise.resolve(csrByOpenssl(name, '-newkey', 'rsa:1024'))],
      ['signed with SHA-1', () => Promise.resolve(csrByOpenssl(name, '-newkey', 'rsa:2048', '-sha1'))],
      [
        'with a key on another curve',
        () => Promise.resolve(csrByOpenssl(name, '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp521r1')),
      ],
      ['with a signature that does not fit', async () => corrupted(await aCsr([name]))],
      ['cut short', async () => (await aCsr([name])).slice(0, 200)],
      ['that is a key', async () => (await generateKey()).pkcs8Pem],
      ['that is two', async () => (await aCsr([name])) + (await aCsr([name]))],
      ['that is text', () => Promise.resolve('please')],
    ])('%s is refused', async (_what, make) => {
      expect(await refusal(id, withCsr(await make()))).toMatchObject({ code: 'badCsr', status: 422 })
    })

    test('is what the certificate is made of, and its key never is here', async () => {
      const site = aSite(service)
      const key = await generateKey('p384')
      const csrPem = toPem(await createCsr({ key, names: [site], commonName: site }), 'CERTIFICATE REQUEST')
      const issued = await obtain(account, id, withCsr(csrPem, [site]))
      expect(new X509Certificate(issued.chainPem ?? '').checkPrivateKey(key.keyObject)).toBe(true)
      const stored = await service.services.db
        .selectFrom('issuance')
        .select(['private_key_id', 'spki_sha256'])
        .where('certificate_id', '=', id)
        .executeTakeFirstOrThrow()
      expect(stored).toEqual({ private_key_id: null, spki_sha256: key.spkiSha256 })
      // DOMAIN §4: not in another order; in its own the same CSR serves again.
      await submit(id, { ...withCsr(csrPem, [site]), reissue: true })
      const again = await waitFor('the reissue', async () => {
        const found = await account.client.certificates.get({ id })
        return found.sha256 === issued.sha256 ? null : found
      })
      expect(new X509Certificate(again.chainPem ?? '').checkPrivateKey(key.keyObject)).toBe(true)
      const two = await buyCertificate(account)
      expect((await refusal(two.id, withCsr(csrPem, [site]))).detail).toContain('used in another order')
    })

    test('whose key was used in another order is refused, also in another account', async () => {
      const key = await generateKey()
      const csrFor = async (site: string) =>
        toPem(await createCsr({ key, names: [site], commonName: site }), 'CERTIFICATE REQUEST')
      const [first, second, third] = [aSite(service), aSite(service), aSite(service)]
      const one = await buyCertificate(account)
      await obtain(account, one.id, withCsr(await csrFor(first), [first]))
      const two = await buyCertificate(account)
      const answer = await refusal(two.id, withCsr(await csrFor(second), [second]))
      expect(answer).toMatchObject({ code: 'badCsr' })
      expect(answer.detail).toContain('used in another order')
      const other = await anAccount(service)
      const theirs = await buyCertificate(other)
      const refused = await refusalOf(
        other.client.applications.submit({ id: theirs.id, ...withCsr(await csrFor(third), [third]) }),
      )
      expect(refused).toMatchObject({ code: 'badCsr' })
      expect(JSON.stringify(refused)).not.toContain(one.id)
    })
  })

  test('an application that is withdrawn leaves room for another, and says so', async () => {
    const { id } = await buyCertificate(account)
    const site = aSite(service)
    await submit(id, aForm([site], { validationMethod: 'dnsManual' }))
    expect(await refusal(id, aForm([site]))).toMatchObject({ code: 'conflict' })
    expect(await account.client.applications.withdraw({ id })).toMatchObject({ state: 'withdrawn' })
    expect(await account.client.certificates.get({ id })).toMatchObject({ status: 'pendingApplication' })
    expect(await refusalOf(account.client.applications.withdraw({ id }))).toMatchObject({
      code: 'conflict',
      facts: { state: 'withdrawn', possible: ['submit'] },
      detail: expect.stringContaining('withdrawn already: submit it again') as string,
    })
    expect(await obtain(account, id, aForm([site]))).toMatchObject({ status: 'issued', domains: [site] })
    expect(await refusalOf(account.client.applications.withdraw({ id }))).toMatchObject({ code: 'conflict' })
    expect(await refusal(id, aForm([site]))).toMatchObject({ code: 'conflict', facts: { status: 'issued' } })
  })

  test('of applications that are submitted at once exactly one is taken', async () => {
    const { id } = await buyCertificate(account)
    const form = aForm([aSite(service)], { validationMethod: 'dnsManual' })
    const results = await Promise.allSettled(Array.from({ length: 4 }, () => submit(id, form)))
    const codes = await Promise.all(
      results.map(async (result) =>
        result.status === 'fulfilled' ? 'taken' : (await refusalOf(Promise.reject(result.reason as Error))).code,
      ),
    )
    expect(codes.toSorted()).toEqual(['conflict', 'conflict', 'conflict', 'taken'])
  })

  test('certificates for one name at once are both kept, under different names', async () => {
    const site = aSite(service)
    const ids = await Promise.all([1, 2, 3].map(async () => (await buyCertificate(account)).id))
    await Promise.all(ids.map((id) => submit(id, aForm([site], { validationMethod: 'dnsManual' }))))
    const names = await Promise.all(ids.map(async (id) => (await account.client.certificates.get({ id })).name))
    expect(new Set(names).size).toBe(3)
    expect(names).toContain(site)
  })

  test('what the CA refuses is shown with its reason, and a corrected application is issued', async () => {
    const { id } = await buyCertificate(account, { productId: PRIVATE_SINGLE })
    const site = aSite(service)
    await submit(id, aForm([site], { validationMethod: 'dnsManual' }))
    await waitFor('the order to be placed', async () =>
      (await account.client.applications.get({ id })).validations.length > 0 ? true : null,
    )
    service.clock.advanceDays(4) // the CA's token lives three days
    await account.client.applications.check({ id })
    const { validations } = await account.client.applications.get({ id })
    for (const { location, content } of validations) service.dns.add(location, 'TXT', content)
    await account.client.applications.check({ id })
    const failed = await waitFor('the refusal', async () => {
      const view = await account.client.certificates.get({ id })
      return view.status === 'reviewFailed' ? view : null
    })
    expect(failed.nextStep).toMatchObject({ code: 'correctApplication', mover: 'user' })
    const application = await account.client.applications.get({ id })
    expect(application).toMatchObject({ state: 'reviewFailed', problem: { code: 'validationFailed' } })
    expect(application.problem?.detail).toContain('3 days')
    expect(await obtain(account, id, application.form.csrPem === null ? aForm([site]) : application.form)).toMatchObject({
      status: 'issued',
    })
  })

  test('an upload has no application', async () => {
    const upload = await anUpload(account)
    expect(await refusal(upload.id, aForm(['a.example.com']))).toMatchObject({ code: 'conflict' })
  })

  test('automatic DNS needs a connection of the account', async () => {
    const { id } = await buyCertificate(account)
    const form = aForm([aSite(service)], { validationMethod: 'dnsAutomatic' })
    expect(await refusal(id, form)).toMatchObject({ code: 'invalid' })
    expect(await refusal(id, { ...form, dnsConnectionId: 'dns_00000000000000000000000000' })).toMatchObject({ code: 'invalid' })
  })
})

function corrupted(pem: string): string {
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64')
  der[der.length - 3] = (der[der.length - 3] ?? 0) ^ 1
  return toPem(der, 'CERTIFICATE REQUEST')
}
