import { describe, expect, it } from 'vitest'
import { toProblemDocument, type CertificateDetail } from '@evercert/contract'
import { ApiProblem, type Client } from '@evercert/contract/client'
import { CliFailure } from '../src/failure.ts'
import { chooseCertificate, findCertificate, findExactly } from '../src/find-certificate.ts'
import { aCertificate, aFreshCertificate } from './builders.ts'

const shop = aCertificate({ id: 'crt_01aaaa', name: 'shop', domains: ['shop.example.com', 'www.example.com'] })
const mail = aCertificate({ id: 'crt_01abbb', name: 'mail', domains: ['mail.example.com'] })
const idn = aCertificate({ id: 'crt_02ccc', name: 'idn', domains: ['xn--fsqu00a.xn--0zwm56d', '*.xn--fsqu00a.xn--0zwm56d'] })
const all = [shop, mail, idn]

function codeOf(work: () => unknown): string {
  try {
    work()
    return 'not refused'
  } catch (error) {
    return error instanceof CliFailure ? error.problem.code : String(error)
  }
}

/** As much of the service as looking one up needs. */
function aClientWith(items: readonly CertificateDetail[]): Client {
  const get = ({ id }: { id: string }): Promise<CertificateDetail> => {
    const found = items.find((item) => item.id === id)
    return found === undefined
      ? Promise.reject(new ApiProblem(toProblemDocument('notFound', 'There is none.')))
      : Promise.resolve(found)
  }
  return { certificates: { get, list: () => Promise.resolve({ items, nextCursor: null }) } } as unknown as Client
}

describe('chooseCertificate', () => {
  it.each([
    ['crt_01aaaa', shop],
    ['crt_01ab', mail],
    ['shop', shop],
    ['mail.example.com', mail],
    ['WWW.Example.com', shop],
    ['例子.测试', idn],
    ['*.例子.测试', idn],
  ])('%s means the right one', (wanted, certificate) => {
    expect(chooseCertificate(wanted, all)).toBe(certificate)
  })

  it('refuses the beginning of several ids, and says which', () => {
    expect(codeOf(() => chooseCertificate('crt_01a', all))).toBe('invalid')
    expect(() => chooseCertificate('crt_01a', all)).toThrow(/crt_01aaaa, crt_01abbb/)
  })

  it('says in Chinese what it looked for and what it found', () => {
    for (const [wanted, said] of [
      ['crt_01a', '“crt_01a”：有 2 张相符（crt_01aaaa、crt_01abbb）'],
      ['nobody', '“nobody”：没有相符'],
    ] as const)
      expect(() => chooseCertificate(wanted, all)).toThrow(
        expect.objectContaining({ detailZh: expect.stringContaining(said) as string }) as Error,
      )
  })

  it('refuses a beginning too short to be meant as one', () => {
    expect(codeOf(() => chooseCertificate('crt', [shop]))).toBe('notFound')
  })

  it('refuses what nothing is called', () => {
    expect(codeOf(() => chooseCertificate('unknown.example.com', all))).toBe('notFound')
  })

  it('takes a name before a domain of another one', () => {
    const named = aCertificate({ id: 'crt_02', name: 'mail.example.com', domains: [] })
    expect(chooseCertificate('mail.example.com', [...all, named])).toBe(named)
  })

  it('takes the newest link of a chain of renewals', () => {
    const second = aFreshCertificate({ id: 'crt_2', renewsCertificateId: 'crt_1' })
    const third = aFreshCertificate({ id: 'crt_3', renewsCertificateId: 'crt_2' })
    const first = aCertificate({ id: 'crt_1' })
    expect(chooseCertificate('shop.example.com', [first, third, second])).toBe(third)
  })

  it('does not guess between certificates that do not renew each other', () => {
    const other = aCertificate({ id: 'crt_9' })
    expect(codeOf(() => chooseCertificate('shop.example.com', [aCertificate(), other]))).toBe('invalid')
  })
})

describe('a name whose certificate was renewed', () => {
  const old = aCertificate({ id: 'crt_old', name: 'shop', renewedByCertificateId: 'crt_new' })
  const fresh = aFreshCertificate({ id: 'crt_new', name: 'shop-r1' })
  const client = aClientWith([old, fresh])

  it('means the newest link where it stands for the chain', async () => {
    expect((await findCertificate(client, 'shop')).id).toBe('crt_new')
  })

  it.each([
    ['shop', 'crt_old'],
    ['shop-r1', 'crt_new'],
    ['crt_old', 'crt_old'],
  ])('means its own certificate for what ends or changes one: %s', async (wanted, id) => {
    expect((await findExactly(client, wanted)).id).toBe(id)
  })

  it('and a domain that two have is not guessed', async () => {
    await expect(findExactly(client, 'shop.example.com')).rejects.toThrow(/crt_old, crt_new/)
  })
})
