/**
 * Certificate Management Service and CDN of Alibaba Cloud: signature version 3 (ACS3-HMAC-SHA256), actions and errors as documented.
 *
 * @module
 */
import { startHttpReceiver, type HttpReceiver, type ReceivedRequest, type Reply } from '../../../../test/harness/http-receiver.ts'
import { Complaint, encode, hash, hmac, need, readStored, type CloudState, type StoredPair } from './cloud-fixture.ts'

export const KEY = 'LTAI5tFixtureKeyId01'
export const SECRET = 'fixture-access-key-secret'
export const DOMAIN = 'cdn.site.test'
export const SECOND_DOMAIN = 'second.site.test'

const seen = new Set<string>()

/** The code of the refusal; null when the signature is right. */
function refusalOf({ method, url, headers, body }: ReceivedRequest): string | null {
  const parts = /^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([a-z\d;-]+),Signature=([\da-f]{64})$/.exec(
    headers.authorization ?? '',
  )
  if (parts === null) return 'IncompleteSignature'
  const [, key, signedHeaders = '', signature] = parts
  if (key !== KEY) return 'InvalidAccessKeyId.NotFound'
  const nonce = String(headers['x-acs-signature-nonce'])
  const isFresh = Math.abs(Date.parse(String(headers['x-acs-date'])) - Date.now()) < 900_000 && !seen.has(nonce)
  if (!isFresh || headers['x-acs-content-sha256'] !== hash(body)) return 'SignatureDoesNotMatch'
  seen.add(nonce)
  for (const name of ['host', 'x-acs-action', 'x-acs-date', 'x-acs-version', 'x-acs-content-sha256']) {
    if (!signedHeaders.split(';').includes(name)) return 'IncompleteSignature'
  }
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).toSorted()
  const canonical = signedHeaders.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`)
  const request = [method, url.pathname, query.join('&'), canonical.join(''), signedHeaders, hash(body)].join('\n')
  return hmac(SECRET, `ACS3-HMAC-SHA256\n${hash(request)}`).toString('hex') === signature ? null : 'SignatureDoesNotMatch'
}

type Parameters = Readonly<Record<string, string>>

export interface AlibabaFixture {
  readonly receiver: HttpReceiver
  readonly state: CloudState
  readonly uploads: StoredPair[]
  /** What the accelerated domains show. */
  readonly cdn: { domain: string; current: StoredPair | null; second: StoredPair | null }
  /** Whether the second domain refuses what is set for it. */
  readonly second: { refuses: boolean }
}

export async function startAlibaba(): Promise<AlibabaFixture> {
  const uploads: StoredPair[] = []
  const cdn: AlibabaFixture['cdn'] = { domain: DOMAIN, current: null, second: null }
  const second = { refuses: false }
  const state: CloudState = { next: null, complaints: [], lastId: 7_000_000_000 }
  const reply = (content: object, status = 200): Reply => ({
    status,
    headers: { 'content-type': 'application/json;charset=utf-8' },
    body: JSON.stringify({ RequestId: 'BDB81BA2-E1F5-4D08-A2DD-4BE2BF44C90E', ...content }),
  })
  const refuse = (code: string, status = 400) =>
    reply({ Code: code, Message: `refused for ${code}`, HostId: 'cas.aliyuncs.com' }, status)

  function upload(input: Parameters): Reply {
    const { next } = state
    state.next = null
    if (next === 'throttled') return refuse('Throttling.User')
    if (next === 'quota') return refuse('UploadCertificate.QuotaExceed')
    if (next === 'down') return refuse('ServiceUnavailable', 503)
    const name = need(input, 'Name')
    if (uploads.some((one) => one.name === name)) throw new Complaint('NameRepeat')
    uploads.push(readStored(++state.lastId, name, need(input, 'Cert'), need(input, 'Key')))
    return next === 'lost' ? refuse('InternalError', 500) : reply({ CertId: state.lastId, ResourceId: 'cas-upload' })
  }
  function list({ OrderType, CurrentPage, ShowSize }: Parameters): Reply {
    if (OrderType !== 'UPLOAD') throw new Complaint('OrderType')
    const [size, from] = [Number(ShowSize), (Number(CurrentPage) - 1) * Number(ShowSize)]
    const page = uploads
      .slice(from, from + size)
      .map(({ id, name, sha256 }) => ({ CertificateId: id, Name: name, Sha2: sha256.toUpperCase() }))
    return reply({ CertificateOrderList: page, CurrentPage: Number(CurrentPage), ShowSize: size, TotalCount: uploads.length })
  }
  function drop(input: Parameters): Reply {
    if (state.refusesRemoval === true) return refuse('ServiceUnavailable', 503)
    const index = uploads.findIndex(({ id }) => String(id) === input['CertId'])
    if (index < 0) return refuse('NotFound', 404)
    uploads.splice(index, 1)
    return reply({})
  }
  function describe(input: Parameters): Reply {
    const { DomainName } = input
    if (DomainName !== cdn.domain && DomainName !== SECOND_DOMAIN) return refuse('InvalidDomain.NotFound', 404)
    const current = DomainName === cdn.domain ? cdn.current : cdn.second
    const shown = {
      CertName: current?.name,
      ServerCertificate: current?.pem,
      ServerCertificateStatus: current === null ? 'off' : 'on',
    }
    return reply({ CertInfos: { CertInfo: [{ DomainName, ...shown }] } })
  }
  function set(input: Parameters): Reply {
    const { DomainName, CertType, CertRegion, SSLProtocol } = input
    if (DomainName !== cdn.domain && DomainName !== SECOND_DOMAIN) return refuse('InvalidDomain.NotFound', 404)
    if (DomainName === SECOND_DOMAIN && second.refuses) return refuse('SetDomainCertificate.ServerError')
    if (CertType !== 'cas' || CertRegion !== 'cn-hangzhou' || SSLProtocol !== 'on') throw new Complaint('how it is set')
    const found = uploads.find(({ id, name }) => String(id) === input['CertId'] && name === input['CertName'])
    if (found === undefined) return refuse('Certificate.NotFound', 404)
    if (DomainName === cdn.domain) cdn.current = found
    else cdn.second = found
    return reply({})
  }
  const actions: Readonly<Record<string, (input: Parameters) => Reply>> = {
    '2020-04-07 UploadUserCertificate': upload,
    '2020-04-07 ListUserCertificateOrder': list,
    '2020-04-07 DeleteUserCertificate': drop,
    '2018-05-10 DescribeDomainCertificateInfo': describe,
    '2018-05-10 SetCdnDomainSSLCertificate': set,
  }
  const receiver = await startHttpReceiver((request) => {
    const refusal = refusalOf(request)
    if (refusal !== null) return refuse(refusal, refusal.endsWith('NotFound') ? 404 : 400)
    const action = `${String(request.headers['x-acs-version'])} ${String(request.headers['x-acs-action'])}`
    try {
      const run = actions[action]
      if (run === undefined || request.method !== 'POST' || request.url.pathname !== '/')
        throw new Complaint(`unknown action ${action}`)
      return run(Object.fromEntries(request.url.searchParams))
    } catch (error) {
      state.complaints.push(String(error))
      return refuse('InvalidParameter')
    }
  })
  return { receiver, state, uploads, cdn, second }
}
