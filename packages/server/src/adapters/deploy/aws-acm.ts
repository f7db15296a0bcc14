/**
 * AWS Certificate Manager: the certificate is imported, and imported again into the same ARN, so that load balancers, CloudFront and API Gateway
 * go on with the new one by themselves. By the official SDK, over the guarded way out.
 *
 * @module
 */
import type { ACMClient, ACMClientConfig, KeyAlgorithm } from '@aws-sdk/client-acm'
import type { CheckedPair } from '@evercert/pair-files/checked-pair'
import { checkPair } from '@evercert/pair-files/pair'
import { createStepLog, type StepLog } from '@evercert/pair-files/step-log'
import { toPem } from '@evercert/pki'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { deployAdapter, type CertificatePair, type DeployEvidence, type RestoreEvidence } from '../../ports/deploy.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import {
  chainSha256,
  classify,
  CLOUD_TIMEOUT_MS,
  cloudError,
  endpointSetting,
  leafSha256,
  uploadName,
  type CloudRefusal,
} from '../kit/cloud.ts'
import { secret } from '../kit/secret.ts'

const acmConfig = z.object({
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'such as eu-central-1')
    .describe('Region; us-east-1 for CloudFront'),
  accessKeyId: z.string().regex(/^[A-Z0-9]{16,128}$/, 'must look like AKIA…'),
  secretAccessKey: secret('Secret access key of a user that may import certificates'),
  certificateArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:acm:[a-z\d-]+:\d{12}:certificate\/[\w-]+$/, 'arn:aws:acm:…:certificate/…')
    .optional()
    .describe('The certificate that listeners use already; it must have been imported'),
  name: uploadName
    .optional()
    .describe('Without an ARN: the certificate is made once, and found again by this value of its tag evercert'),
  endpoint: endpointSetting,
})
type AcmConfig = z.infer<typeof acmConfig>

export const awsAcm = deployAdapter<AcmConfig>({
  kind: 'deploy',
  id: 'awsAcm',
  title: 'AWS Certificate Manager',
  apiDocs: 'https://docs.aws.amazon.com/acm/latest/APIReference/API_ImportCertificate.html',
  config: acmConfig.refine(
    ({ certificateArn, name }) => (certificateArn === undefined) !== (name === undefined),
    'give either certificateArn or name',
  ),
  isUntried: true,
  settleSeconds: 300,
  create: (config, kit) => ({
    host: config.endpoint ?? `ACM in ${config.region}`,
    inspect: async () => {
      const acm = await connect(config, kit)
      const arn = await findArn(acm, config)
      return { sha256: arn === null ? null : leafSha256((await readChain(acm, arn))?.leaf) }
    },
    apply: async (pair) => apply(config, kit, checkPair(pair)),
    restore: (refused, previous) => restore(config, kit, refused, previous),
  }),
})

const WHAT = 'Importing into AWS ACM'
const TAG = 'evercert'

interface Acm {
  readonly client: ACMClient
  readonly sdk: typeof import('@aws-sdk/client-acm')
}

/** Loaded when it is first needed: most installations need none. */
async function connect({ region, accessKeyId, secretAccessKey, endpoint }: AcmConfig, kit: AdapterKit): Promise<Acm> {
  const sdk = await import('@aws-sdk/client-acm')
  const client = new sdk.ACMClient({
    region,
    credentials: { accessKeyId, secretAccessKey },
    ...(endpoint !== undefined && { endpoint }),
    requestHandler: handlerThrough(kit),
    systemClockOffset: kit.now() - Date.now(),
    maxAttempts: 1, // the service tries again by itself
    // Nothing is read from files or the environment of the service's user.
    ignoreConfiguredEndpointUrls: true,
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    defaultsMode: 'legacy',
    retryMode: 'standard',
    userAgentAppId: 'evercert',
    authSchemePreference: [],
  } as ACMClientConfig)
  return { client, sdk }
}

/** What the SDK sends by; only addresses that the operator allows are reached. */
function handlerThrough(kit: AdapterKit): NonNullable<ACMClientConfig['requestHandler']> {
  return {
    handle: async (request: SdkRequest) => {
      const { protocol, hostname, port, path, headers, body } = request
      const response = await kit.fetch(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`, {
        method: 'POST',
        headers: withoutHost(headers),
        ...(body !== undefined && { body }),
        timeoutMs: CLOUD_TIMEOUT_MS,
      })
      return { response: { statusCode: response.status, headers: { ...response.headers }, body: response.body } }
    },
    updateHttpClientConfig: () => undefined,
    httpHandlerConfigs: () => ({}),
  } as unknown as NonNullable<ACMClientConfig['requestHandler']>
}

interface SdkRequest {
  readonly protocol: string
  readonly hostname: string
  readonly port?: number
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** It follows from the URL. */
function withoutHost(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'host'))
}

async function apply(config: AcmConfig, kit: AdapterKit, wanted: CheckedPair): Promise<DeployEvidence> {
  const log = createStepLog(kit.now, kit.onLogLine)
  const acm = await connect(config, kit)
  const arn = await findArn(acm, config)
  const there = arn === null ? null : await readChain(acm, arn)
  const previousSha256 = leafSha256(there?.leaf)
  if (there !== null && chainSha256(there.leaf + there.rest).join() === wanted.chainSha256.join()) {
    log.say(`${arn ?? ''} holds this certificate already.`)
    return { changed: false, previousSha256, reloaded: false, log: log.lines }
  }
  await importPair(acm, config, arn, wanted, log)
  return { changed: true, previousSha256, reloaded: false, log: log.lines }
}

async function restore(
  config: AcmConfig,
  kit: AdapterKit,
  refused: string,
  previous: CertificatePair | null,
): Promise<RestoreEvidence> {
  const log = createStepLog(kit.now, kit.onLogLine)
  const acm = await connect(config, kit)
  const arn = await findArn(acm, config)
  const sha256 = arn === null ? null : leafSha256((await readChain(acm, arn))?.leaf)
  if (sha256 !== refused) {
    log.say('AWS ACM does not hold the refused certificate: nothing was changed.')
    return { changed: false, sha256, reloaded: false, log: log.lines }
  }
  if (previous === null) {
    throw new AppError(
      'deployRefused',
      `Restoring ${arn ?? ''} in AWS ACM: what it held before is not a certificate of this service with its key: import the right one by hand.`,
    )
  }
  await importPair(acm, config, arn, checkPair(previous), log)
  return { changed: true, sha256: previous.sha256, reloaded: false, log: log.lines }
}

/** Certificate, chain and key in one request: at no moment does a listener have a certificate beside another's key. */
async function importPair(
  { client, sdk }: Acm,
  { name = '' }: AcmConfig,
  arn: string | null,
  { chain: [leaf, ...rest], keyPem }: CheckedPair,
  log: StepLog,
): Promise<void> {
  const toBytes = (ders: readonly Uint8Array[]) => Buffer.from(ders.map((der) => toPem(der, 'CERTIFICATE')).join(''))
  const command = new sdk.ImportCertificateCommand({
    // Tags cannot be given a second time.
    ...(arn === null ? { Tags: [{ Key: TAG, Value: name }] } : { CertificateArn: arn }),
    Certificate: toBytes(leaf === undefined ? [] : [leaf.der]),
    ...(rest.length > 0 && { CertificateChain: toBytes(rest.map(({ der }) => der)) }),
    PrivateKey: Buffer.from(keyPem),
  })
  const answer = await orAppError(() => client.send(command))
  log.say(arn === null ? `Imported as ${answer.CertificateArn ?? 'a new certificate'}.` : `Imported again as ${arn}.`)
}

async function readChain({ client, sdk }: Acm, arn: string): Promise<{ readonly leaf: string; readonly rest: string } | null> {
  const answer = await orAppError(() => client.send(new sdk.GetCertificateCommand({ CertificateArn: arn })))
  if (answer.Certificate === undefined) return null
  return { leaf: `${answer.Certificate.trim()}\n`, rest: answer.CertificateChain ?? '' }
}

/** Without this list only RSA 2048 is listed. */
const KEY_TYPES: readonly KeyAlgorithm[] = [
  'RSA_1024',
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'EC_prime256v1',
  'EC_secp384r1',
  'EC_secp521r1',
]
const MAX_PAGES = 20
const MAX_LOOKS = 200

/** @returns null when it is not imported yet. @throws AppError `misconfigured` when it cannot be told which one it is */
async function findArn(acm: Acm, { certificateArn, name }: AcmConfig): Promise<string | null> {
  if (certificateArn !== undefined) return certificateArn
  const { client, sdk } = acm
  const found: string[] = []
  const imported = await listImported(acm)
  if (imported.length > MAX_LOOKS) {
    throw new AppError(
      'misconfigured',
      `${WHAT}: more than ${MAX_LOOKS} certificates are imported there: name one by certificateArn.`,
    )
  }
  for (const arn of imported) {
    const { Tags = [] } = await orAppError(() => client.send(new sdk.ListTagsForCertificateCommand({ CertificateArn: arn })))
    if (Tags.some(({ Key, Value }) => Key === TAG && Value === name)) found.push(arn)
  }
  if (found.length < 2) return found[0] ?? null
  throw new AppError('misconfigured', `${WHAT}: ${found.length} certificates have the tag ${TAG}=${name ?? ''}: leave it on one.`)
}

async function listImported({ client, sdk }: Acm): Promise<readonly string[]> {
  const arns: string[] = []
  let NextToken: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const command = new sdk.ListCertificatesCommand({
      Includes: { keyTypes: [...KEY_TYPES] },
      MaxItems: 1000,
      ...(NextToken && { NextToken }),
    })
    const answer = await orAppError(() => client.send(command))
    for (const { Type, CertificateArn } of answer.CertificateSummaryList ?? []) {
      if (Type === 'IMPORTED' && CertificateArn !== undefined) arns.push(CertificateArn)
    }
    if (answer.NextToken === undefined) return arns
    NextToken = answer.NextToken
  }
  return arns
}

const REFUSALS: readonly (readonly [RegExp, CloudRefusal])[] = [
  [
    /^(UnrecognizedClient|InvalidSignature|IncompleteSignature|SignatureDoesNotMatch|AccessDenied|ExpiredToken|InvalidClientTokenId|MissingAuthenticationToken|OptInRequired|NotAuthorized)/,
    'credentials',
  ],
  [/^(Throttl|TooManyRequests|RequestLimitExceeded|RequestThrottled)/, 'throttled'],
  [/^(LimitExceeded|TooManyTags)/, 'quota'],
  [/^(ResourceNotFound|InvalidArn)/, 'absent'],
  [/^(RequestInProgress|Conflict|ResourceInUse)/, 'busy'],
  [/^(InternalFailure|InternalServer|ServiceUnavailable)/, 'down'],
]

async function orAppError<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof AppError) throw error
    const { name, message, $metadata } = error as { name?: string; message?: string; $metadata?: { httpStatusCode?: number } }
    const status = $metadata?.httpStatusCode ?? 0
    const refusal = classify(name ?? '', REFUSALS)
    if (status === 0) throw cloudError(WHAT, 'down', { code: 'what cannot be read', message: '' })
    throw cloudError(WHAT, refusal === 'refused' && status >= 500 ? 'down' : refusal, {
      code: name === undefined || name === 'Unknown' ? `status ${status}` : name,
      message: message ?? '',
    })
  }
}
