/**
 * Alibaba Cloud: its official SDK makes the requests and their signatures (ACS3-HMAC-SHA256); they are sent over the guarded way out, since the SDK's
 * own HTTP client cannot be replaced. Certificates are uploaded to the Certificate Management Service (CAS), from where products take them.
 *
 * @module
 */
import { createRequire } from 'node:module'
import type casPackage from '@alicloud/cas20200407'
import type cdnPackage from '@alicloud/cdn20180510'
import type openApi from '@alicloud/openapi-core'
import type { CheckedPair } from '@evercert/pair-files/checked-pair'
import type { StepLog } from '@evercert/pair-files/step-log'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import {
  classify,
  CLOUD_TIMEOUT_MS,
  cloudError,
  endpointSetting,
  nameOfUpload,
  removalSetting,
  uploadName,
  type CloudRefusal,
} from './cloud.ts'
import { secret } from './secret.ts'

export const alibabaSettings = {
  accessKeyId: z.string().regex(/^[A-Za-z0-9]{16,64}$/, 'must look like LTAI…'),
  accessKeySecret: secret('Secret of the access key of a RAM user'),
  region: z
    .enum(['cn-hangzhou', 'ap-southeast-1'])
    .default('cn-hangzhou')
    .describe('Where the Certificate Management Service keeps certificates: cn-hangzhou in China, ap-southeast-1 outside'),
  name: uploadName.default('evercert').describe('Uploads are called by this and the beginning of the fingerprint'),
  casEndpoint: endpointSetting,
  removeEarlierUploads: removalSetting,
}

/** One store for all kinds; which access keys are of one account there is not known. */
export const ALIBABA_STORE = 'alibabaCloud'

export interface AlibabaAccess {
  readonly accessKeyId: string
  readonly accessKeySecret: string
  readonly region: string
}

// The packages are CommonJS, and what they export as default is not what `import` calls so.
const load = createRequire(import.meta.url)
type Core = typeof openApi
type Cas = typeof casPackage
type Cdn = typeof cdnPackage

/** The client of one product, with the package that has its requests. */
interface Connected<Product extends { readonly default: new (config: never) => object }> {
  readonly sdk: Product
  readonly client: InstanceType<Product['default']>
}

/** Loaded when they are first needed: most installations need none. */
export function connectCas(
  access: AlibabaAccess & { readonly casEndpoint?: string | undefined },
  kit: AdapterKit,
): Connected<Cas> {
  const [sdk, core] = [load('@alicloud/cas20200407') as Cas, load('@alicloud/openapi-core') as Core]
  const client = new sdk.default(toConfig(core, access))
  sendThrough(kit, core, access, access.casEndpoint, client)
  return { sdk, client }
}

export function connectCdn(
  access: AlibabaAccess & { readonly cdnEndpoint?: string | undefined },
  kit: AdapterKit,
): Connected<Cdn> {
  const [sdk, core] = [load('@alicloud/cdn20180510') as Cdn, load('@alicloud/openapi-core') as Core]
  const client = new sdk.default(toConfig(core, access))
  sendThrough(kit, core, access, access.cdnEndpoint, client)
  return { sdk, client }
}

function toConfig(core: Core, { accessKeyId, accessKeySecret, region }: AlibabaAccess) {
  return new core.$OpenApiUtil.Config({ accessKeyId, accessKeySecret, regionId: region })
}

const ALGORITHM = 'ACS3-HMAC-SHA256'
const EMPTY = Buffer.alloc(0)

/** Only addresses that the operator allows are reached, and nothing is sent twice by itself. */
function sendThrough(
  kit: AdapterKit,
  { OpenApiUtil }: Core,
  { accessKeyId, accessKeySecret }: AlibabaAccess,
  endpoint: string | undefined,
  client: InstanceType<Core['default']>,
): void {
  const base = (endpoint ?? `https://${client._endpoint}`).replace(/\/$/, '')
  client.callApi = async ({ action, version, method, pathname }, { query }) => {
    const payload = OpenApiUtil.hash(EMPTY, ALGORITHM).toString('hex')
    const headers: Record<string, string> = {
      host: new URL(base).host,
      accept: 'application/json',
      'x-acs-action': action ?? '',
      'x-acs-version': version ?? '',
      'x-acs-date': new Date(kit.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
      'x-acs-signature-nonce': OpenApiUtil.getNonce(),
      'x-acs-content-sha256': payload,
    }
    const signed = { method, pathname, query: query ?? {}, headers } as Parameters<typeof OpenApiUtil.getAuthorization>[0]
    const authorization = OpenApiUtil.getAuthorization(signed, ALGORITHM, payload, accessKeyId, accessKeySecret)
    const { host: _host, ...others } = headers
    const pairs = Object.entries(query ?? {}).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    const search = pairs.join('&') // what the SDK does with private keys too: nothing here writes queries down
    const response = await kit.fetch(`${base}${pathname ?? '/'}?${search}`, {
      method: 'POST',
      headers: { ...others, authorization },
      timeoutMs: CLOUD_TIMEOUT_MS,
    })
    const body = readAnswer(action ?? '', response.status, Buffer.from(response.body).toString('utf8'))
    return { statusCode: response.status, headers: response.headers, body }
  }
}

const refusal = z.object({ Code: z.string(), Message: z.string().default('') })

function readAnswer(action: string, status: number, text: string): Record<string, unknown> {
  const body = z.record(z.string(), z.unknown()).safeParse(parseJson(text)).data
  const what = `Asking Alibaba Cloud (${action})`
  if (status < 300 && body !== undefined) return body
  const said = refusal.safeParse(body).data ?? { Code: `status ${status}`, Message: '' }
  const kind = classify(said.Code, REFUSALS)
  throw cloudError(what, kind === 'refused' && (status >= 500 || body === undefined) ? 'down' : kind, {
    code: said.Code,
    message: said.Message,
  })
}

const REFUSALS: readonly (readonly [RegExp, CloudRefusal])[] = [
  [
    /^(InvalidAccessKeyId|SignatureDoesNotMatch|IncompleteSignature|InvalidSecurityToken|Forbidden|NoPermission|Unauthorized)/,
    'credentials',
  ],
  [/Throttling|^(FlowLimit|TooManyRequests)/, 'throttled'],
  [/Quota|LimitExceed|ExceedLimit|OverLimit/, 'quota'],
  [/NotFound|NotExist/, 'absent'],
  [/^(ServiceUnavailable|InternalError|ServiceBusy|Certificate\.Configuring)/, 'down'],
]

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export interface Upload {
  readonly id: number
  readonly name: string
  /** Of the leaf; null when it is not told. */
  readonly sha256: string | null
}

const PER_PAGE = 50
const MAX_PAGES = 40

/** What was uploaded to the account, by whomever. @throws AppError */
export async function listUploads({ sdk, client }: Connected<Cas>): Promise<readonly Upload[]> {
  const uploads: Upload[] = []
  for (let currentPage = 1; currentPage <= MAX_PAGES; currentPage++) {
    const { body } = await client.listUserCertificateOrder(
      new sdk.ListUserCertificateOrderRequest({ orderType: 'UPLOAD', currentPage, showSize: PER_PAGE }),
    )
    const found = body?.certificateOrderList ?? []
    for (const { certificateId, name, sha2 } of found) {
      if (certificateId !== undefined && name !== undefined)
        uploads.push({ id: certificateId, name, sha256: sha2?.toLowerCase() ?? null })
    }
    if (found.length < PER_PAGE) break
  }
  return uploads
}

/** The upload of this pair: the one that is there, by its fingerprint or name, or a new one. */
export async function ensureUpload(
  cas: Connected<Cas>,
  name: string,
  pair: CheckedPair,
  log: StepLog,
): Promise<Upload & { readonly isNew: boolean }> {
  const wanted = nameOfUpload(name, pair.sha256)
  const isWanted = (one: Upload) => one.sha256 === pair.sha256 || one.name === wanted
  const there = (await listUploads(cas)).find(isWanted)
  if (there !== undefined) {
    log.say(`The Certificate Management Service has it already, as ${there.name} (${there.id}).`)
    return { ...there, isNew: false }
  }
  const request = new cas.sdk.UploadUserCertificateRequest({ name: wanted, cert: pair.certificatePem, key: pair.keyPem })
  const { body } = await cas.client.uploadUserCertificate(request)
  const id = body?.certId
  if (id === undefined)
    throw new AppError('upstreamUnavailable', 'Uploading to Alibaba Cloud: the answer has no id: it is tried again later.')
  log.say(`Uploaded to the Certificate Management Service as ${wanted} (${id}).`)
  return { id, name: wanted, sha256: pair.sha256, isNew: true }
}

/** Removes uploads of these leaves that bear this target's name; others may have uploaded the same, and keep theirs. */
export async function removeUploads(cas: Connected<Cas>, name: string, earlier: readonly string[]): Promise<readonly string[]> {
  const names = new Set(earlier.map((sha256) => nameOfUpload(name, sha256)))
  const found = (await listUploads(cas)).filter(
    (one) => names.has(one.name) && (one.sha256 === null || earlier.includes(one.sha256)),
  )
  for (const { id } of found) await deleteUpload(cas, id)
  return found.map((one) => `${one.name} (${one.id})`)
}

async function deleteUpload({ sdk, client }: Connected<Cas>, id: number): Promise<void> {
  try {
    await client.deleteUserCertificate(new sdk.DeleteUserCertificateRequest({ certId: id }))
  } catch (error) {
    if (error instanceof AppError && error.code === 'misconfigured') return // it is gone
    throw error
  }
}
