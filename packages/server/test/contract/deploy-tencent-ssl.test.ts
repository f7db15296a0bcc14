import { expect, test } from 'vitest'
import { createChain } from '../../../../test/harness/certificates.ts'
import { startHttpReceiver, type ReceivedRequest, type Reply } from '../../../../test/harness/http-receiver.ts'
import { tencentSsl } from '../../src/adapters/deploy/tencent-ssl.ts'
import { cloudContract, type CloudHarness } from './cloud-contract.ts'
import { Complaint, hash, hmac, need, readStored, type CloudState, type StoredPair } from './cloud-fixture.ts'
import { createNotifyKits } from './notify-kit.ts'

const KEY = 'AKIDz8krbsJ5yKBZQpn74WFkmLPxFIXTURE'
const SECRET = 'Gu5t9xGARNpq86cd98joQYCNFIXTURE'

/** TC3-HMAC-SHA256; the code of the refusal, or null when the signature is right. */
function refusalOf({ method, headers, body }: ReceivedRequest): string | null {
  const parts =
    /^TC3-HMAC-SHA256 Credential=([^,/]+)\/([\d-]{10})\/ssl\/tc3_request, SignedHeaders=content-type;host, Signature=([\da-f]{64})$/.exec(
      headers.authorization ?? '',
    )
  if (parts === null) return 'AuthFailure.InvalidAuthorization'
  const [, key, date = '', signature] = parts
  if (key !== KEY) return 'AuthFailure.SecretIdNotFound'
  const timestamp = String(headers['x-tc-timestamp'])
  const isFresh = Math.abs(Number(timestamp) * 1_000 - Date.now()) < 300_000
  if (!isFresh || new Date(Number(timestamp) * 1_000).toISOString().slice(0, 10) !== date) return 'AuthFailure.SignatureExpire'
  const host = String(headers.host).replace(/:\d+$/, '')
  const canonical = `content-type:${headers['content-type'] ?? ''}\nhost:${host}\n`
  const request = [method, '/', '', canonical, 'content-type;host', hash(body)].join('\n')
  const scope = `${date}/ssl/tc3_request`
  const signing = hmac(hmac(hmac(`TC3${SECRET}`, date), 'ssl'), 'tc3_request')
  const wanted = hmac(signing, ['TC3-HMAC-SHA256', timestamp, scope, hash(request)].join('\n')).toString('hex')
  return wanted === signature ? null : 'AuthFailure.SignatureFailure'
}

type Input = Readonly<Record<string, unknown>>
class Refusal extends Error {}

/** SSL 2019-12-05: refusals have status 200; a task is made, runs, and is over. */
async function startTencent() {
  const stored: StoredPair[] = []
  const state: CloudState & { task: 'quick' | 'unborn' | 'pending' | 'failing'; bound: string | null } = {
    next: null,
    complaints: [],
    lastId: 0,
    task: 'quick',
    bound: null,
  }
  const idOf = ({ id }: StoredPair) => `cert${String(id).padStart(4, '0')}`
  const find = (id: unknown) => stored.find((one) => idOf(one) === id)
  let looks = 0

  function upload(input: Input) {
    const { next } = state
    state.next = null
    if (next === 'throttled') throw new Refusal('RequestLimitExceeded')
    if (next === 'quota') throw new Refusal('FailedOperation.CertificateNumberOverLimit')
    if (next === 'down') throw new Refusal('InternalError')
    if (input['CertificateType'] !== 'SVR' || input['Repeatable'] !== false) throw new Complaint('how it is uploaded')
    const pair = readStored(
      ++state.lastId,
      need(input, 'Alias'),
      need(input, 'CertificatePublicKey'),
      need(input, 'CertificatePrivateKey'),
    )
    const twin = stored.find(({ sha256 }) => sha256 === pair.sha256)
    if (twin !== undefined) return { CertificateId: '', RepeatCertId: idOf(twin) }
    stored.push(pair)
    // The first one is bound by hand, as the documents say.
    state.bound ??= idOf(pair)
    if (next === 'lost') throw new Refusal('InternalError')
    return { CertificateId: idOf(pair), RepeatCertId: '' }
  }
  function update(input: Input) {
    const [from, to] = [need(input, 'OldCertificateId'), need(input, 'CertificateId')]
    if (find(to) === undefined) throw new Refusal('FailedOperation.CertificateNotFound')
    if (JSON.stringify(input['ResourceTypes']) !== '["clb","cdn"]') throw new Complaint('ResourceTypes')
    if (JSON.stringify(input['ResourceTypesRegions']) !== '[{"ResourceType":"clb","Regions":["ap-guangzhou"]}]')
      throw new Complaint('regions')
    if (find(from) === undefined) throw new Refusal('FailedOperation.CertificateNotFound')
    if (state.task === 'pending') throw new Refusal('FailedOperation.CertificateDeployHasPendingRecord')
    if (state.bound !== from) throw new Refusal('FailedOperation.CertificateNotDeployInstance')
    if (state.task === 'unborn') return { DeployRecordId: 0, DeployStatus: 0 }
    looks = 0
    if (state.task === 'quick') state.bound = to
    return { DeployRecordId: 42, DeployStatus: 1 }
  }
  function detail(input: Input) {
    if (input['DeployRecordId'] !== '42') throw new Refusal('InvalidParameter')
    looks += 1
    if (looks === 1)
      return { TotalCount: 2, SuccessTotalCount: 1, FailedTotalCount: 0, RunningTotalCount: 1, PendingTotalCount: 0 }
    const failed = state.task === 'failing' ? 1 : 0
    return {
      TotalCount: 2,
      SuccessTotalCount: 2 - failed,
      FailedTotalCount: failed,
      RunningTotalCount: 0,
      PendingTotalCount: null,
    }
  }
  const actions: Readonly<Record<string, (input: Input) => object>> = {
    UploadCertificate: upload,
    UpdateCertificateInstance: update,
    DescribeHostUpdateRecordDetail: detail,
    DescribeCertificates: ({ Limit, Offset, SearchKey, FilterSource }) => {
      if (FilterSource !== 'upload' || Limit !== 100) throw new Complaint('how it is listed')
      const found = stored.filter(({ name }) => name.includes(String(SearchKey)))
      const page = found.slice(Number(Offset), Number(Offset) + Limit)
      const insertTimeOf = ({ id }: StoredPair) => `2026-11-29 10:00:${String(id).padStart(2, '0')}`
      return {
        TotalCount: found.length,
        Certificates: page.map((one) => ({ CertificateId: idOf(one), Alias: one.name, InsertTime: insertTimeOf(one) })),
      }
    },
    DescribeCertificateDetail: ({ CertificateId }) => {
      const found = find(CertificateId)
      if (found === undefined) throw new Refusal('FailedOperation.CertificateNotFound')
      return { CertificateId, CertificatePublicKey: found.pem }
    },
    DeleteCertificate: ({ CertificateId, IsCheckResource }) => {
      if (IsCheckResource !== true || state.bound === CertificateId) throw new Complaint('what is bound is deleted')
      stored.splice(
        stored.findIndex((one) => idOf(one) === CertificateId),
        1,
      )
      return { DeleteResult: true }
    },
  }
  const reply = (content: object): Reply => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ Response: { ...content, RequestId: '3c140219-cfe9-470e-b241-907877d6fb03' } }),
  })
  const refuse = (Code: string) => reply({ Error: { Code, Message: `refused for ${Code}` } })
  const receiver = await startHttpReceiver((request) => {
    const refusal = refusalOf(request)
    if (refusal !== null) return refuse(refusal)
    try {
      const run = actions[String(request.headers['x-tc-action'])]
      if (run === undefined || request.headers['x-tc-version'] !== '2019-12-05') throw new Complaint('unknown action')
      return reply(run(JSON.parse(request.body) as Input))
    } catch (error) {
      if (error instanceof Refusal) return refuse(error.message)
      state.complaints.push(String(error))
      return refuse('InvalidParameter')
    }
  })
  const held = () => find(state.bound)?.sha256 ?? null
  const reset = () => {
    stored.length = 0
    ;(receiver.requests as unknown[]).length = 0
    Object.assign(state, { next: null, lastId: 0, task: 'quick', bound: null })
  }
  return { receiver, state, stored, held, reset }
}

const base = {
  secretId: KEY,
  secretKey: SECRET,
  name: 'site',
  resourceTypes: ['clb', 'cdn'],
  regions: ['ap-guangzhou'],
  removeEarlierUploads: true,
}

cloudContract('tencentSsl', async (): Promise<CloudHarness> => {
  const { receiver, state, stored, held, reset } = await startTencent()
  return {
    target: (wish, kit) => tencentSsl.create(tencentSsl.config.parse({ ...base, endpoint: receiver.url, ...wish }), kit),
    held,
    count: () => stored.length,
    next: (change) => void (state.next = change),
    requests: receiver.requests,
    complaints: state.complaints,
    reset,
    wrongKey: { secretId: 'AKIDunknownUnknown' },
    wrongSecret: { secretKey: 'not-the-secret' },
    absent: null,
    secret: SECRET,
    leavesUploads: true,
    close: () => receiver.close(),
  }
})

test('a task that is being made or under way is waited for, one that failed is told, and one that went on is found done', async () => {
  const [kits, fixture, authority] = [createNotifyKits(), await startTencent(), createChain()]
  const target = tencentSsl.create(tencentSsl.config.parse({ ...base, endpoint: fixture.receiver.url }), kits.kit)
  const [old, next] = [authority.issue({ names: ['site.test'] }), authority.issue({ names: ['site.test'] })]
  await target.apply(old)
  fixture.state.task = 'unborn'
  await expect(target.apply(next)).rejects.toMatchObject({ pending: true, retryAfterSeconds: 15, facts: { changed: true } })
  fixture.state.task = 'pending'
  await expect(target.apply(next)).rejects.toMatchObject({ pending: true, facts: { changed: false } })
  fixture.state.task = 'failing'
  await expect(target.apply(next)).rejects.toMatchObject({ code: 'deployRefused', pending: false })
  expect(fixture.held()).toBe(old.sha256)
  fixture.state.task = 'quick'
  expect(await target.apply(next)).toMatchObject({ changed: true, previousSha256: old.sha256 })
  expect(fixture.held()).toBe(next.sha256)
  expect(fixture.state.complaints).toEqual([])
  await Promise.all([kits.close(), fixture.receiver.close()])
})
