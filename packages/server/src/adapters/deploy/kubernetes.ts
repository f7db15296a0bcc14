/**
 * A Kubernetes Secret of type `kubernetes.io/tls`, over the API server's plain HTTPS. A change names the version that it was read in
 * (`resourceVersion`), so that nobody else's is overwritten; labels, annotations and other entries of the Secret stay. Who uses the
 * Secret reads it again by itself: nothing is reloaded.
 *
 * @module
 */
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { deployAdapter, type CertificatePair, type DeployEvidence, type RestoreEvidence } from '../../ports/deploy.ts'
import type { AdapterKit, GuardedResponse } from '../../ports/kit.ts'
import { twoFiles } from '@evercert/pair-files/layout'
import type { CheckedPair } from '@evercert/pair-files/checked-pair'
import { checkPair, isSamePair, type FoundPair } from '@evercert/pair-files/pair'
import { createStepLog, type StepLog } from '@evercert/pair-files/step-log'
import { brief } from '../kit/post-json.ts'
import { destination, secret } from '../kit/secret.ts'

// RFC 1123 subdomain, as the API demands of names.
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/

const kubernetesConfig = z.object({
  apiServer: destination(
    z
      .string()
      .regex(/^https:\/\/[^\s/@]+(\/[^\s?#]*)?$/, 'an https URL')
      .describe('The API server, such as https://10.0.0.1:6443'),
  ),
  caPem: destination(z.string().optional().describe("PEM root of the API server's certificate; default: the system's roots")),
  token: secret('Bearer token of a service account that may get, create and update this one Secret'),
  namespace: z.string().regex(NAME).default('default'),
  secretName: z.string().regex(NAME).describe('Name of the Secret; made when it is missing'),
})
type KubernetesConfig = z.infer<typeof kubernetesConfig>

export const kubernetes = deployAdapter<KubernetesConfig>({
  kind: 'deploy',
  id: 'kubernetes',
  title: 'Kubernetes TLS Secret',
  apiDocs: 'https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/secret-v1/',
  config: kubernetesConfig,
  isUntried: true,
  settleSeconds: 120,
  create: (config, kit) => {
    const api: Api = { config, kit, where: `${config.namespace}/${config.secretName}` }
    return {
      host: new URL(config.apiServer).origin,
      inspect: async () => ({ sha256: readPair(await readSecret(api)).sha256 }),
      apply: async (pair) => apply(api, checkPair(pair)),
      restore: (refused, previous) => restore(api, refused, previous),
    }
  },
})

interface Api {
  readonly config: KubernetesConfig
  readonly kit: AdapterKit
  /** For people. */
  readonly where: string
}

const secretObject = z.looseObject({
  apiVersion: z.literal('v1').optional(),
  kind: z.literal('Secret').optional(),
  type: z.string().optional(),
  immutable: z.boolean().optional(),
  metadata: z.looseObject({ name: z.string(), resourceVersion: z.string() }),
  data: z.record(z.string(), z.string()).nullish(),
})
type SecretObject = z.infer<typeof secretObject>

const CERTIFICATE = 'tls.crt'
const KEY = 'tls.key'
const layout = twoFiles({ certificatePath: `/${CERTIFICATE}`, keyPath: `/${KEY}` })
const [certificateFile, keyFile] = layout.files

function readPair(found: SecretObject | null): FoundPair {
  const bytesOf = (name: string) => {
    const value = found?.data?.[name]
    return value === undefined ? null : Buffer.from(value, 'base64')
  }
  const contents = { [certificateFile.name]: bytesOf(CERTIFICATE), [keyFile?.name ?? KEY]: bytesOf(KEY) }
  const { chainSha256, isSound } = layout.read(contents)
  return { files: {}, sha256: chainSha256[0] ?? null, chainSha256, isSound }
}

async function apply(api: Api, wanted: CheckedPair): Promise<DeployEvidence> {
  const log = createStepLog(api.kit.now, api.kit.onLogLine)
  const found = await readSecret(api)
  const there = readPair(found)
  if (isSamePair(there, wanted)) {
    log.say(`Secret ${api.where} holds this pair already.`)
    return { changed: false, previousSha256: there.sha256, reloaded: false, log: log.lines }
  }
  await write(api, found, { chainPem: wanted.certificatePem, privateKeyPem: wanted.keyPem }, log)
  return { changed: true, previousSha256: there.sha256, reloaded: false, log: log.lines }
}

async function restore(api: Api, refused: string, previous: CertificatePair | null): Promise<RestoreEvidence> {
  const log = createStepLog(api.kit.now, api.kit.onLogLine)
  const found = await readSecret(api)
  const { sha256 } = readPair(found)
  if (sha256 !== refused) {
    log.say(`Secret ${api.where} does not hold the refused pair: nothing was changed.`)
    return { changed: false, sha256, reloaded: false, log: log.lines }
  }
  if (previous === null) {
    throw new AppError(
      'deployRefused',
      `Restoring Secret ${api.where}: what it held before is not a certificate of this service with its key: put the right pair in place by hand.`,
    )
  }
  const { certificatePem, keyPem } = checkPair(previous)
  await write(api, found, { chainPem: certificatePem, privateKeyPem: keyPem }, log)
  return { changed: true, sha256: previous.sha256, reloaded: false, log: log.lines }
}

async function readSecret(api: Api): Promise<SecretObject | null> {
  const response = await request(api, 'GET', pathOf(api), null)
  if (response.status === 404) return null
  return parse(api, response)
}

/** All of the pair in one request: at no moment does the Secret hold a certificate beside another's key. */
async function write(
  api: Api,
  found: SecretObject | null,
  { chainPem, privateKeyPem }: { readonly chainPem: string; readonly privateKeyPem: string },
  log: StepLog,
): Promise<void> {
  const pair = { [CERTIFICATE]: toBase64(chainPem), [KEY]: toBase64(privateKeyPem) }
  if (found === null) {
    const { namespace, secretName: name } = api.config
    const metadata = { name, namespace, labels: { 'app.kubernetes.io/managed-by': 'evercert' } }
    const made = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/tls', data: pair }
    parse(api, await request(api, 'POST', pathOf(api, ''), made))
    return log.say(`Made Secret ${api.where}.`)
  }
  if (found.immutable === true) {
    throw new AppError('deployRefused', `Deploying to Secret ${api.where}: it is immutable: replace it by one that is not.`)
  }
  const changed = { ...found, apiVersion: 'v1', kind: 'Secret', data: { ...found.data, ...pair } }
  const { metadata } = parse(api, await request(api, 'PUT', pathOf(api), changed))
  log.say(`Changed Secret ${api.where} from version ${found.metadata.resourceVersion} to ${metadata.resourceVersion}.`)
}

function pathOf({ config: { namespace, secretName } }: Api, name = `/${secretName}`): string {
  return `/api/v1/namespaces/${namespace}/secrets${name}`
}

function request(
  { config: { apiServer, token, caPem }, kit }: Api,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body: object | null,
): Promise<GuardedResponse> {
  return kit.fetch(apiServer.replace(/\/$/, '') + path, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      ...(body !== null && { 'content-type': 'application/json' }),
    },
    ...(body !== null && { body: JSON.stringify(body) }),
    ...(caPem !== undefined && { caPem }),
  })
}

/** @throws AppError by the status of the answer */
function parse(api: Api, { status, body }: GuardedResponse): SecretObject {
  const text = Buffer.from(body).toString('utf8')
  const what = `Deploying to Secret ${api.where}`
  if (status === 401 || status === 403) {
    throw new AppError(
      'credentialsRejected',
      `${what}: the API server answers ${status}: give the service account the rights that docs/targets.md names. ${saidBy(text)}`,
    )
  }
  if (status === 409) throw new AppError('conflict', `${what}: somebody changed it at the same moment: it is tried again.`)
  if (status === 429 || status >= 500) {
    throw new AppError('upstreamUnavailable', `${what}: the API server answers ${status}: it is tried again later.`)
  }
  if (status === 404) throw new AppError('misconfigured', `${what}: there is no such namespace: correct it. ${saidBy(text)}`)
  if (status >= 300) throw new AppError('deployRefused', `${what}: the API server answers ${status}. ${saidBy(text)}`)
  const parsed = secretObject.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  throw new AppError('upstreamUnavailable', `${what}: the answer is no Secret: check the address of the API server.`)
}

/** The message of a Status object; never the Secret. */
function saidBy(text: string): string {
  const status = z.object({ kind: z.literal('Status'), message: z.string() }).safeParse(parseJson(text))
  return status.success ? brief(status.data.message) : ''
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64')
}
