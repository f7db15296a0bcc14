import { startHttpReceiver, type ReceivedRequest, type Reply } from '../../../../test/harness/http-receiver.ts'
import { expect, test } from 'vitest'
import { awsAcm } from '../../src/adapters/deploy/aws-acm.ts'
import { cloudContract, type CloudHarness } from './cloud-contract.ts'
import { Complaint, hash, hmac, need, readStored, type CloudState, type StoredPair } from './cloud-fixture.ts'

const KEY = 'AKIAIOSFODNN7FIXTURE'
const SECRET = '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'
const ARN = 'arn:aws:acm:eu-central-1:123456789012:certificate/'

/** AWS Signature Version 4 of a request with a body and no query; null when it is right. */
function refusalOf({ method, headers, body }: ReceivedRequest): string | null {
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^,/]+)\/(\d{8}\/eu-central-1\/acm\/aws4_request), ?SignedHeaders=([a-z\d;-]+), ?Signature=([\da-f]{64})$/.exec(
      headers.authorization ?? '',
    )
  if (parts === null) return 'IncompleteSignature'
  const [, key = '', scope = '', signedHeaders = '', signature = ''] = parts
  if (key !== KEY) return 'UnrecognizedClientException'
  const time = String(headers['x-amz-date'])
  const at = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(Math.abs(at - Date.now()) < 300_000) || !scope.startsWith(time.slice(0, 8))) return 'InvalidSignatureException'
  for (const name of ['host', 'x-amz-date', 'x-amz-target'])
    if (!signedHeaders.split(';').includes(name)) return 'IncompleteSignature'
  const canonical = signedHeaders.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`)
  const request = [method, '/', '', canonical.join(''), signedHeaders, hash(body)].join('\n')
  const keyOf = scope.split('/').reduce<string | Buffer>((parent, part) => hmac(parent, part), `AWS4${SECRET}`)
  const wanted = hmac(keyOf, ['AWS4-HMAC-SHA256', time, scope, hash(request)].join('\n')).toString('hex')
  return wanted === signature ? null : 'InvalidSignatureException'
}

interface Imported extends StoredPair {
  readonly chain: string
  readonly tags: readonly { readonly Key: string; readonly Value: string }[]
}

/** ACM as its API reference says, and nothing of it that is not used. */
async function startAcm() {
  const stored = new Map<string, Imported>()
  const state: CloudState = { next: null, complaints: [], lastId: 0 }
  const reply = (content: object, status = 200): Reply => ({
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1' },
    body: JSON.stringify(content),
  })
  const refuse = (type: string, message: string, status = 400) => reply({ __type: type, message }, status)
  const fromBase64 = (text: string) => Buffer.from(text, 'base64').toString('utf8')

  const find = (input: Readonly<Record<string, unknown>>) => stored.get(need(input, 'CertificateArn'))
  const absent = () => refuse('ResourceNotFoundException', 'Could not find certificate')
  function importCertificate(input: Readonly<Record<string, unknown>>): Reply {
    const { next } = state
    state.next = null
    if (next === 'throttled') return refuse('ThrottlingException', 'Rate exceeded')
    if (next === 'quota') return refuse('LimitExceededException', 'Number of certificates exceeds the limit')
    if (next === 'down') return refuse('InternalFailure', 'try again', 500)
    const isNew = input['CertificateArn'] === undefined
    if (!isNew && input['Tags'] !== undefined) throw new Complaint('Tags on a second import')
    if (!isNew && find(input) === undefined) return absent()
    const pem = fromBase64(need(input, 'Certificate'))
    if (pem.match(/BEGIN CERTIFICATE/g)?.length !== 1) throw new Complaint('Certificate holds more than the leaf')
    const arn = isNew ? `${ARN}${++state.lastId}` : need(input, 'CertificateArn')
    const tags = isNew ? (input['Tags'] as Imported['tags']) : (stored.get(arn)?.tags ?? [])
    const chain = fromBase64(need(input, 'CertificateChain'))
    stored.set(arn, { ...readStored(state.lastId, arn, pem, fromBase64(need(input, 'PrivateKey'))), chain, tags })
    return next === 'lost' ? refuse('InternalFailure', 'try again', 500) : reply({ CertificateArn: arn })
  }
  const actions: Readonly<Record<string, (input: Readonly<Record<string, unknown>>) => Reply>> = {
    ImportCertificate: importCertificate,
    GetCertificate: (input) => {
      const found = find(input)
      return found === undefined ? absent() : reply({ Certificate: found.pem, CertificateChain: found.chain })
    },
    ListTagsForCertificate: (input) => {
      const found = find(input)
      return found === undefined ? absent() : reply({ Tags: found.tags })
    },
    ListCertificates: ({ NextToken, Includes }) => {
      if ((Includes as { keyTypes?: unknown[] } | undefined)?.keyTypes?.includes('EC_prime256v1') !== true)
        throw new Complaint('ECDSA is not listed')
      const all = [
        { CertificateArn: `${ARN}issued`, Type: 'AMAZON_ISSUED' },
        ...[...stored.keys()].map((arn) => ({ CertificateArn: arn, Type: 'IMPORTED' })),
      ]
      const page = NextToken === undefined ? all.slice(0, 1) : all.slice(1)
      return reply({ CertificateSummaryList: page, ...(NextToken === undefined && { NextToken: 'more' }) })
    },
  }
  const receiver = await startHttpReceiver((request) => {
    const refusal = refusalOf(request)
    if (refusal !== null) return refuse(refusal, 'The security token included in the request is invalid')
    const action = /^CertificateManager\.([A-Za-z]+)$/.exec(String(request.headers['x-amz-target']))?.[1] ?? ''
    try {
      const run = actions[action]
      if (run === undefined || request.url.pathname !== '/') throw new Complaint(`unknown action ${action}`)
      return run(JSON.parse(request.body) as Record<string, unknown>)
    } catch (error) {
      state.complaints.push(String(error))
      return refuse('ValidationException', String(error))
    }
  })
  return { receiver, state, stored }
}

const base = { region: 'eu-central-1', accessKeyId: KEY, secretAccessKey: SECRET }

async function harness(): Promise<CloudHarness> {
  const { receiver, state, stored } = await startAcm()
  const requests = receiver.requests as unknown[]
  return {
    target: (wish, kit) => {
      const settings = { ...base, endpoint: receiver.url, ...('certificateArn' in wish ? {} : { name: 'site' }), ...wish }
      return awsAcm.create(awsAcm.config.parse(settings), kit)
    },
    held: () => stored.get(`${ARN}${state.lastId}`)?.sha256 ?? null,
    count: () => stored.size,
    next: (change) => void (state.next = change),
    requests,
    complaints: state.complaints,
    reset: () => {
      stored.clear()
      requests.length = 0
      Object.assign(state, { next: null, lastId: 0 })
    },
    wrongKey: { accessKeyId: 'AKIAIOSFODNN7UNKNOWN' },
    wrongSecret: { secretAccessKey: 'not-the-secret' },
    absent: { certificateArn: `${ARN}away` },
    secret: SECRET,
    close: () => receiver.close(),
  }
}

cloudContract('awsAcm', harness)

test('one of ARN and name is asked for', () => {
  expect(awsAcm.config.safeParse(base).success).toBe(false)
  expect(awsAcm.config.safeParse({ ...base, name: 'site', certificateArn: `${ARN}1` }).success).toBe(false)
  expect(awsAcm.config.safeParse({ ...base, name: 'site', endpoint: 'http://acm.example' }).success).toBe(false)
})
