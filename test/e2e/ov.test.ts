/**
 * An OV certificate from purchase to issuance, by two people with a token each: one buys and applies, the other reviews. Both use the
 * `evercert` command against a service in a process of its own.
 */
import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, type Client } from '@evercert/contract/client'
import type { ApplicationView, CompanyView, ContactView, CsrDetail, ReviewDetail, ReviewView, Scope } from '@evercert/contract'
import { parseProblem } from '@evercert/contract'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runProgram } from '../../packages/cli/src/program.ts'
import { aShell } from '../../packages/cli/test/builders.ts'
import { aJpeg, aPng } from '../../packages/server/test/support/images.ts'
import { openHouse, type House } from './support/house.ts'
import { aMembersToken } from './support/person.ts'
import { waitFor } from './support/wait-for.ts'

const NAME = 'shop.example.com'
const COMPANY = {
  name: '示例贸易（上海）有限公司',
  type: 'enterprise',
  phone: '+86 21 0000 0000',
  registrationNumber: '91310000MA1FL0XX4T',
  country: 'CN',
  region: '上海市',
  city: '上海市',
  address: '示例路 1 号',
  postalCode: '200000',
}

let folder: string
let house: House
let applicant: Person
let reviewer: Person

interface Person {
  readonly client: Client
  /** Runs the command as this person. @throws Error with the problem when it fails */
  run<Value>(...args: string[]): Promise<Value>
  /** The code of the problem that the command ends with. */
  refused(...args: string[]): Promise<string>
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evercert-ov-'))
  house = await openHouse({ folder, names: [NAME] })
  const operator = house.service().client
  await operator.balance.topUp({ amountMinor: 1_000_000, currency: 'CNY' }, { context: { idempotencyKey: 'money' } })
  applicant = await aPerson(operator, 'li.lei', ['certificates:read', 'certificates:write', 'orders:read', 'orders:write'])
  reviewer = await aPerson(operator, 'han.meimei', ['applications:review'])
})
afterAll(async () => {
  await house.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function aPerson(operator: Client, name: string, scopes: Scope[]): Promise<Person> {
  const { url } = house.service()
  const token = await aMembersToken(url, operator, { name, role: 'administrator', scopes })
  const run = async (args: readonly string[]) => {
    const shell = aShell({ EVERCERT_URL: url, EVERCERT_TOKEN: token })
    const code = await runProgram([...args, '--json'], shell)
    return { code, out: shell.out(), err: shell.err() }
  }
  return {
    client: createClient({ url, token }),
    run: async <Value>(...args: string[]) => {
      const { code, out, err } = await run(args)
      if (code !== 0) throw new Error(`evercert ${args.join(' ')} ended with ${code}: ${err}`)
      return JSON.parse(out) as Value
    },
    refused: async (...args) => {
      const { code, out, err } = await run(args)
      if (code === 0) throw new Error(`evercert ${args.join(' ')} was not refused: ${out}`)
      return parseProblem(JSON.parse(err))?.code ?? err
    },
  }
}

it('is bought and applied for by one person, approved by another, validated and issued with the organisation in it', async () => {
  const file = async (name: string, content: string | Uint8Array): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, content)
    return path
  }
  const order = await applicant.client.orders.place(
    { productId: 'evercert-private-ov-single' },
    { context: { idempotencyKey: 'order' } },
  )
  const { certificateId } = await applicant.client.orders.pay({ id: order.id }, { context: { idempotencyKey: 'pay' } })
  const id = certificateId ?? ''

  const contact = await applicant.run<ContactView>(
    'contacts',
    'add',
    '--name',
    '李雷',
    '--email',
    'li@example.com',
    '--phone',
    '12345678',
  )
  const companyFile = await file('company.json', JSON.stringify(COMPANY))
  // A page that calls itself a picture is told by its content.
  const wrong = await file('wrong.png', '<html>licence</html>')
  expect(await applicant.refused('companies', 'add', '--file', companyFile, '--licence', wrong)).toBe('badImage')
  const company = await applicant.run<CompanyView>(
    'companies',
    'add',
    '--file',
    companyFile,
    '--licence',
    await file('licence.png', aPng()),
  )
  const csr = await applicant.run<CsrDetail>('csrs', 'add', '--name', 'shop', '--domain', NAME, '--key-kind', 'rsa2048')
  const form = ['--domain', NAME, '--contact', contact.id, '--csr-id', csr.id, '--validation', 'file']
  expect(await applicant.refused('apply', id, ...form)).toBe('applicantIncomplete')
  const submitted = await applicant.run<ApplicationView>('apply', id, ...form, '--company', company.id)
  expect(submitted).toMatchObject({ state: 'inReview', review: { state: 'waiting' }, form: { contact: null, csrId: csr.id } })

  expect(await applicant.refused('reviews', 'list')).toBe('forbidden')
  const refused = await decide('refuse', '--reason', '营业执照不清晰。')
  expect(refused).toMatchObject({ state: 'refused', applicant: { company: COMPANY, contact: { email: 'li@example.com' } } })
  expect(await applicant.run<ApplicationView>('apply', id, '--show')).toMatchObject({
    state: 'reviewFailed',
    problem: { code: 'reviewRefused', detail: '营业执照不清晰。' },
  })
  await applicant.run(
    'companies',
    'document',
    company.id,
    '--kind',
    'businessLicence',
    '--file',
    await file('again.jpg', aJpeg()),
  )
  expect(await applicant.run<ApplicationView>('apply', id)).toMatchObject({ state: 'inReview', form: { csrId: csr.id } })

  const checks = ['legalExistence', 'address', 'telephone', 'applicantAuthority']
  const approved = await decide('approve', '--evidence', 'Called the number of the register.', '--check', ...checks)
  expect(approved).toMatchObject({ state: 'approved', decidedBy: 'han.meimei', submittedBy: 'li.lei', confirmedChecks: checks })

  const issued = await waitFor('the certificate', async () => {
    const certificate = await applicant.client.certificates.get({ id })
    if (certificate.status === 'reviewFailed') throw new Error((await applicant.client.applications.get({ id })).problem?.detail)
    return certificate.sha256 === null ? null : certificate
  })
  const leaf = new X509Certificate(issued.chainPem ?? '')
  expect(leaf.subject).toBe(`C=CN\nST=${COMPANY.region}\nL=${COMPANY.city}\nO=${COMPANY.name}\nCN=${NAME}`)
  expect(leaf.publicKey.asymmetricKeyDetails?.modulusLength).toBe(2048)
  expect(issued.history.filter(({ subject }) => subject === 'review').map(({ actor, to }) => [actor, to])).toEqual([
    ['han.meimei', 'approved'],
    ['li.lei', 'waiting'],
    ['han.meimei', 'refused'],
    ['li.lei', 'waiting'],
  ])
  const log = house.service().logs()
  for (const secret of [COMPANY.registrationNumber, 'li@example.com', 'PRIVATE KEY']) expect(log).not.toContain(secret)
})

async function decide(...decision: string[]): Promise<ReviewDetail> {
  const { items } = await reviewer.run<{ items: ReviewView[] }>('reviews', 'list')
  const [waiting] = items
  expect(items).toHaveLength(1)
  const shown = await reviewer.run<ReviewDetail>('reviews', 'show', waiting?.id ?? '', '--documents', folder)
  expect(shown.applicant.documents).toEqual(['businessLicence'])
  const [kind, ...options] = decision
  return reviewer.run<ReviewDetail>('reviews', kind ?? '', waiting?.id ?? '', ...options)
}
