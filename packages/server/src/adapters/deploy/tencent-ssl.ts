/**
 * Tencent Cloud SSL: the certificate is uploaded, and the resources that are bound to the certificates before it are bound to the new one. By the common
 * client of the official SDK, which signs; requests go over the guarded way out, since its own HTTP client cannot be replaced.
 *
 * @module
 */
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import type * as common from 'tencentcloud-sdk-nodejs-common'
import type sign from 'tencentcloud-sdk-nodejs-common/tencentcloud/common/sign.js'
import type { CheckedPair } from '@evercert/pair-files/checked-pair'
import { checkPair } from '@evercert/pair-files/pair'
import { createStepLog, type StepLog } from '@evercert/pair-files/step-log'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { deployAdapter, type CertificatePair, type DeployEvidence, type RestoreEvidence } from '../../ports/deploy.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import {
  classify,
  CLOUD_TIMEOUT_MS,
  cloudError,
  endpointSetting,
  isUploadOf,
  leafSha256,
  nameOfUpload,
  removalSetting,
  uploadName,
  type CloudRefusal,
} from '../kit/cloud.ts'
import { secret } from '../kit/secret.ts'

const RESOURCES = ['clb', 'cdn', 'waf', 'live', 'ddos', 'teo', 'apigateway', 'vod', 'tke', 'tcb', 'tse', 'cos'] as const
const REGIONAL = new Set<string>(['apigateway', 'clb', 'cos', 'tcb', 'tke', 'tse', 'waf'])

const tencentConfig = z.object({
  secretId: z.string().regex(/^[A-Za-z0-9]{16,64}$/, 'must look like AKID…'),
  secretKey: secret('SecretKey of a user that may upload certificates and update resources'),
  name: uploadName.describe('Uploads are called by this and the beginning of the fingerprint; one name for each target'),
  certificateId: z
    .string()
    .regex(/^[A-Za-z0-9]{6,32}$/)
    .optional()
    .describe('The certificate that resources are bound to now; those that Evercert uploads after it are found by their name'),
  resourceTypes: z.array(z.enum(RESOURCES)).min(1).describe('Kinds of resources to update'),
  regions: z
    .array(z.string().regex(/^[a-z]{2}-[a-z-]+(-\d)?$/, 'such as ap-guangzhou'))
    .min(1)
    .optional()
    .describe('Regions of kinds that have regions; default: all that the provider looks at'),
  endpoint: endpointSetting,
  removeEarlierUploads: removalSetting,
})
type TencentConfig = z.infer<typeof tencentConfig>

export const tencentSsl = deployAdapter<TencentConfig>({
  kind: 'deploy',
  id: 'tencentSsl',
  title: 'Tencent Cloud SSL',
  apiDocs: 'https://cloud.tencent.com/document/api/400/91649',
  config: tencentConfig,
  isUntried: true,
  uploadsTo: 'tencentCloud',
  settleSeconds: 900,
  create: (config, kit) => ({
    host: config.endpoint ?? HOST,
    inspect: async () => {
      const ssl = connect(config, kit)
      const [newest] = await listOurs(ssl)
      return { sha256: newest === undefined ? null : await readSha256(ssl, newest.CertificateId) }
    },
    apply: async (pair) => apply(connect(config, kit), checkPair(pair)),
    restore: async (refused, previous) => restore(connect(config, kit), refused, previous),
    ...(config.removeEarlierUploads && {
      removeEarlier: (earlier: readonly string[]) => removeEarlier(connect(config, kit), earlier),
    }),
  }),
})

const WHAT = 'Asking Tencent Cloud'
const VERSION = '2019-12-05'
const HOST = 'ssl.tencentcloudapi.com'

interface Ssl {
  readonly config: TencentConfig
  readonly kit: AdapterKit
  readonly ask: <Answer>(action: string, parameters: object, schema: z.ZodType<Answer>) => Promise<Answer>
}

// The packages are CommonJS, and what they export as default is not what `import` calls so.
const load = createRequire(import.meta.url)

/** Loaded when it is first needed: most installations need none. */
function connect(config: TencentConfig, kit: AdapterKit): Ssl {
  const { CommonClient: Client } = load('tencentcloud-sdk-nodejs-common') as typeof common
  const { default: signer } = load('tencentcloud-sdk-nodejs-common/tencentcloud/common/sign.js') as typeof sign
  const url = new URL(config.endpoint ?? `https://${HOST}`)
  const { secretId, secretKey } = config
  const client = new Client(url.host, VERSION, { credential: { secretId, secretKey }, region: '' })
  const doRequestWithSign3 = async (action: string, parameters: object) => {
    const timestamp = Math.floor(kit.now() / 1_000)
    const headers = { Host: url.host, 'Content-Type': 'application/json' }
    const signed = {
      method: 'POST',
      url: url.href,
      payload: parameters,
      timestamp,
      service: 'ssl',
      secretId,
      secretKey,
      headers,
      multipart: false,
      boundary: '',
    }
    const response = await kit.fetch(url.href, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-tc-action': action,
        'x-tc-version': VERSION,
        'x-tc-timestamp': String(timestamp),
        'x-tc-language': 'en-US',
        authorization: signer.sign3(signed),
      },
      body: JSON.stringify(parameters),
      timeoutMs: CLOUD_TIMEOUT_MS,
    })
    return readAnswer(action, response.status, Buffer.from(response.body).toString('utf8'))
  }
  Object.assign(client, { doRequestWithSign3 })
  return { config, kit, ask: (action, parameters, schema) => ask(client, action, parameters, schema) }
}

async function ask<Answer>(
  client: common.CommonClient,
  action: string,
  parameters: object,
  schema: z.ZodType<Answer>,
): Promise<Answer> {
  const parsed = schema.safeParse(await client.request(action, parameters))
  if (parsed.success) return parsed.data
  throw new AppError(
    'upstreamUnavailable',
    `${WHAT} (${action}): the answer is not of the expected form: it is tried again later.`,
  )
}

const envelope = z.object({
  Response: z.looseObject({ Error: z.object({ Code: z.string(), Message: z.string() }).optional(), RequestId: z.string() }),
})

/** Refusals come with status 200. The code of one stays in `facts.code`. */
function readAnswer(action: string, status: number, text: string): Record<string, unknown> {
  const body = envelope.safeParse(parseJson(text)).data
  const what = `${WHAT} (${action})`
  if (status !== 200 || body === undefined)
    throw cloudError(what, status === 429 ? 'throttled' : 'down', { code: `status ${status}`, message: '' })
  const { Error: refused, ...answer } = body.Response
  if (refused === undefined) return answer
  const { Code: code, Message: message } = refused
  const error = cloudError(what, classify(code, REFUSALS), { code, message })
  throw new AppError(error.code, error.message, {
    facts: { code },
    ...(error.retryAfterSeconds !== null && { retryAfterSeconds: error.retryAfterSeconds }),
  })
}

const REFUSALS: readonly (readonly [RegExp, CloudRefusal])[] = [
  [/^(AuthFailure|UnauthorizedOperation)|NoProjectPermission|NoAuth/, 'credentials'],
  [/^RequestLimitExceeded/, 'throttled'],
  [/^LimitExceeded|OverLimit|ExceedLimit/, 'quota'],
  [/NotFound|^UnknownParameter|^UnsupportedRegion/, 'absent'],
  [/HasPendingRecord|^ResourceInUse/, 'busy'],
  [/^InternalError|^ResourceUnavailable/, 'down'],
]
const NOTHING_BOUND = /^FailedOperation\.Certificate(NotDeployInstance|DeployInstanceEmpty|HostDeployInstanceEmpty)$/
const GONE = /^(FailedOperation\.CertificateNotFound|ResourceNotFound.*)$/
const UNDER_WAY = /HasPendingRecord/

function codeOf(error: unknown): string {
  return error instanceof AppError && typeof error.facts['code'] === 'string' ? error.facts['code'] : ''
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const certificate = z.object({ CertificateId: z.string(), Alias: z.string().nullish(), InsertTime: z.string().nullish() })
type Certificate = z.infer<typeof certificate>
const listed = z.object({ TotalCount: z.number(), Certificates: z.array(certificate).nullish() })
const PER_PAGE = 100
const MAX_PAGES = 20

/** What was uploaded for this target, newest first. */
async function listOurs({ config: { name }, ask: askFor }: Ssl): Promise<readonly Certificate[]> {
  const found: Certificate[] = []
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = { Limit: PER_PAGE, Offset: page * PER_PAGE, SearchKey: name, CertificateType: 'SVR', FilterSource: 'upload' }
    const { Certificates } = await askFor('DescribeCertificates', query, listed)
    found.push(...(Certificates ?? []))
    if ((Certificates ?? []).length < PER_PAGE) break
  }
  const ours = found.filter(({ Alias }) => isUploadOf(name, Alias ?? ''))
  return ours.toSorted((one, other) => (other.InsertTime ?? '').localeCompare(one.InsertTime ?? ''))
}

/** @returns null when it is not there, or cannot be read */
async function readSha256(ssl: Ssl, id: string): Promise<string | null> {
  const detail = z.object({ CertificatePublicKey: z.string().nullish() })
  try {
    return leafSha256((await ssl.ask('DescribeCertificateDetail', { CertificateId: id }, detail)).CertificatePublicKey)
  } catch (error) {
    if (GONE.test(codeOf(error))) return null
    throw error
  }
}

/** Resources are bound to the last one, or to one before it when that was never finished. */
const MAX_EARLIER = 3

async function apply(ssl: Ssl, wanted: CheckedPair): Promise<DeployEvidence> {
  const log = createStepLog(ssl.kit.now, ssl.kit.onLogLine)
  const before = await listOurs(ssl)
  const { id, isNew } = await ensureUpload(ssl, before, wanted, log)
  const { certificateId } = ssl.config
  const earlier = before.map(({ CertificateId }) => CertificateId).filter((one) => one !== id)
  const old = [...earlier.slice(0, MAX_EARLIER), ...(certificateId === undefined || certificateId === id ? [] : [certificateId])]
  const previousSha256 = old[0] === undefined ? null : await readSha256(ssl, old[0])
  let isMoved = false
  for (const from of new Set(old)) isMoved = (await moveResources(ssl, { from, to: id, isNew }, log)) || isMoved
  if (isNew && !isMoved) log.say(`Nothing is bound to an earlier certificate: bind ${id} once, by hand.`)
  return {
    changed: isNew || isMoved,
    previousSha256: isNew || isMoved ? previousSha256 : wanted.sha256,
    reloaded: false,
    log: log.lines,
  }
}

async function ensureUpload(
  ssl: Ssl,
  before: readonly Certificate[],
  wanted: CheckedPair,
  log: StepLog,
): Promise<{ readonly id: string; readonly isNew: boolean }> {
  const alias = nameOfUpload(ssl.config.name, wanted.sha256)
  const there = before.find(({ Alias }) => Alias === alias)
  if (there !== undefined) {
    log.say(`It is uploaded already, as ${alias} (${there.CertificateId}).`)
    return { id: there.CertificateId, isNew: false }
  }
  const parameters = {
    CertificatePublicKey: wanted.certificatePem,
    CertificatePrivateKey: wanted.keyPem,
    CertificateType: 'SVR',
    Alias: alias,
    Repeatable: false,
  }
  const uploaded = z.object({ CertificateId: z.string().nullish(), RepeatCertId: z.string().nullish() })
  const answer = await ssl.ask('UploadCertificate', parameters, uploaded)
  // The same certificate, uploaded by somebody under another name, is not stored twice.
  const id = [answer.RepeatCertId, answer.CertificateId].find((one) => one !== undefined && one !== null && one !== '')
  if (id === undefined || id === null)
    throw new AppError('upstreamUnavailable', `${WHAT}: the answer has no id: it is tried again later.`)
  log.say(`Uploaded as ${alias} (${id}).`)
  return { id, isNew: id === answer.CertificateId }
}

const task = z.object({ DeployRecordId: z.number().nullish() })

interface Moving {
  readonly from: string
  readonly to: string
  /** Uploaded a moment ago. */
  readonly isNew: boolean
}

/** @returns whether something was bound to the old one. @throws AppError pending while resources are being updated */
async function moveResources(ssl: Ssl, { from, to, isNew }: Moving, log: StepLog): Promise<boolean> {
  const { resourceTypes, regions } = ssl.config
  const regional = resourceTypes.filter((type) => REGIONAL.has(type))
  const parameters = {
    OldCertificateId: from,
    CertificateId: to,
    ResourceTypes: resourceTypes,
    ...(regions !== undefined && { ResourceTypesRegions: regional.map((ResourceType) => ({ ResourceType, Regions: regions })) }),
  }
  let recordId: number
  try {
    recordId = (await ssl.ask('UpdateCertificateInstance', parameters, task)).DeployRecordId ?? 0
  } catch (error) {
    const code = codeOf(error)
    if (NOTHING_BOUND.test(code) || GONE.test(code)) return false
    if (UNDER_WAY.test(code)) throw underWay({ from, to, changed: isNew }) // somebody may have begun it
    throw error
  }
  if (recordId === 0) throw underWay({ from, to, changed: true })
  await waitForRecord(ssl, recordId, { from, to })
  log.say(`Resources that were bound to ${from} are bound to ${to} now.`)
  return true
}

const record = z.object({
  TotalCount: z.number().nullish(),
  SuccessTotalCount: z.number().nullish(),
  FailedTotalCount: z.number().nullish(),
  RunningTotalCount: z.number().nullish(),
  PendingTotalCount: z.number().nullish(),
})
const LOOKS_MS = [200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000, 5_000]

/** What takes longer is asked for again later: nothing is bound to the old one then, or it is still under way. */
async function waitForRecord(
  ssl: Ssl,
  recordId: number,
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  for (const pause of LOOKS_MS) {
    const found = await ssl.ask('DescribeHostUpdateRecordDetail', { DeployRecordId: String(recordId), Limit: '200' }, record)
    const open = (found.RunningTotalCount ?? 0) + (found.PendingTotalCount ?? 0)
    if ((found.TotalCount ?? 0) > 0 && open === 0) {
      const failed = found.FailedTotalCount ?? 0
      if (failed === 0) return
      throw new AppError(
        'deployRefused',
        `Moving resources from ${from} to ${to} in Tencent Cloud: ${failed} of ${found.TotalCount ?? 0} could not be updated (record ${recordId}): correct them there, then deploy again.`,
      )
    }
    await sleep(pause)
  }
  throw underWay({ from, to, changed: true })
}

const AGAIN_SECONDS = 15

/** Whoever asks again finds nothing bound to the old one, and cannot tell why. */
function underWay({ from, to, changed }: Pick<Moving, 'from' | 'to'> & { readonly changed: boolean }): AppError {
  return new AppError(
    'upstreamUnavailable',
    `Moving resources from ${from} to ${to} in Tencent Cloud: under way: it is asked again in a moment.`,
    {
      pending: true,
      retryAfterSeconds: AGAIN_SECONDS,
      facts: { changed },
    },
  )
}

async function restore(ssl: Ssl, refused: string, previous: CertificatePair | null): Promise<RestoreEvidence> {
  const log = createStepLog(ssl.kit.now, ssl.kit.onLogLine)
  const before = await listOurs(ssl)
  const there = before.find(({ Alias }) => Alias === nameOfUpload(ssl.config.name, refused))
  if (there === undefined) {
    log.say('The refused certificate is not there: nothing was changed.')
    const [newest] = before
    const sha256 = newest === undefined ? null : await readSha256(ssl, newest.CertificateId)
    return { changed: false, sha256, reloaded: false, log: log.lines }
  }
  if (previous === null) {
    throw new AppError(
      'deployRefused',
      'Restoring in Tencent Cloud: what resources were bound to before is not a certificate of this service with its key: bind the right one by hand.',
    )
  }
  const { id, isNew } = await ensureUpload(ssl, before, checkPair(previous), log)
  await moveResources(ssl, { from: there.CertificateId, to: id, isNew }, log)
  await remove(ssl, there.CertificateId)
  log.say(`Deleted ${there.CertificateId}.`)
  return { changed: true, sha256: previous.sha256, reloaded: false, log: log.lines }
}

/** By alias and by what is in it: of two with the same alias only ours has one of these leaves. */
async function removeEarlier(ssl: Ssl, earlier: readonly string[]): Promise<readonly string[]> {
  const aliases = new Set(earlier.map((sha256) => nameOfUpload(ssl.config.name, sha256)))
  const removed: string[] = []
  for (const { CertificateId: id, Alias: alias } of await listOurs(ssl)) {
    if (!aliases.has(alias ?? '') || id === ssl.config.certificateId) continue
    const sha256 = await readSha256(ssl, id)
    if (sha256 === null || !earlier.includes(sha256)) continue
    await remove(ssl, id)
    removed.push(`${alias ?? ''} (${id})`)
  }
  return removed
}

/** Looked at first by the provider: what something is bound to stays. */
async function remove(ssl: Ssl, id: string): Promise<void> {
  try {
    await ssl.ask('DeleteCertificate', { CertificateId: id, IsCheckResource: true }, z.object({}))
  } catch (error) {
    if (!GONE.test(codeOf(error))) throw error
  }
}
