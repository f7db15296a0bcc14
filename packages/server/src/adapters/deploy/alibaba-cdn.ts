/**
 * Alibaba Cloud CDN: the certificate is uploaded to the Certificate Management Service and set for an accelerated domain.
 *
 * @module
 */
import type { CheckedPair } from '@evercert/pair-files/checked-pair'
import { checkPair } from '@evercert/pair-files/pair'
import { createStepLog, type StepLog } from '@evercert/pair-files/step-log'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { deployAdapter } from '../../ports/deploy.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import { ALIBABA_STORE, alibabaSettings, connectCas, connectCdn, ensureUpload, removeUploads } from '../kit/alibaba.ts'
import { chainSha256, endpointSetting, leafSha256 } from '../kit/cloud.ts'

const cdnConfig = z.object({
  domain: z
    .string()
    .regex(/^\.?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/, 'an accelerated domain in lower case')
    .describe('The accelerated domain, as CDN calls it (.example.com for a wildcard)'),
  ...alibabaSettings,
  cdnEndpoint: endpointSetting,
})
type CdnConfig = z.infer<typeof cdnConfig>

export const alibabaCdn = deployAdapter<CdnConfig>({
  kind: 'deploy',
  id: 'alibabaCdn',
  title: 'Alibaba Cloud CDN',
  apiDocs: 'https://api.aliyun.com/document/Cdn/2018-05-10/SetCdnDomainSSLCertificate',
  config: cdnConfig,
  isUntried: true,
  uploadsTo: ALIBABA_STORE,
  settleSeconds: 900,
  servedName: ({ domain }) => domain,
  create: (config, kit) => ({
    host: config.casEndpoint ?? 'Alibaba Cloud',
    inspect: async () => ({ sha256: leafSha256(await readPem(config, kit)) }),
    apply: async (pair) => {
      const wanted = checkPair(pair)
      const log = createStepLog(kit.now, kit.onLogLine)
      const there = await readPem(config, kit)
      const previousSha256 = leafSha256(there)
      if (isSame(there, wanted)) {
        log.say(`${config.domain} has this certificate already.`)
        return { changed: false, previousSha256, reloaded: false, log: log.lines }
      }
      await set(config, kit, wanted, log)
      return { changed: true, previousSha256, reloaded: false, log: log.lines }
    },
    ...(config.removeEarlierUploads && { removeEarlier: (earlier: readonly string[]) => removeEarlier(config, kit, earlier) }),
    restore: async (refused, previous) => {
      const log = createStepLog(kit.now, kit.onLogLine)
      const sha256 = leafSha256(await readPem(config, kit))
      if (sha256 !== refused) {
        log.say(`${config.domain} does not have the refused certificate: nothing was changed.`)
        return { changed: false, sha256, reloaded: false, log: log.lines }
      }
      if (previous === null) {
        throw new AppError(
          'deployRefused',
          `Restoring ${config.domain} in Alibaba Cloud CDN: what it had before is not a certificate of this service with its key: set the right one by hand.`,
        )
      }
      await set(config, kit, checkPair(previous), log)
      return { changed: true, sha256: previous.sha256, reloaded: false, log: log.lines }
    },
  }),
})

/** The API tells the leaf, with or without its chain. */
function isSame(there: string | null, wanted: CheckedPair): boolean {
  const found = chainSha256(there)
  return found.length > 0 && found.every((sha256, index) => sha256 === wanted.chainSha256[index])
}

/** What the domain serves; null when it serves no certificate. */
async function readPem(config: CdnConfig, kit: AdapterKit): Promise<string | null> {
  const { sdk, client } = connectCdn(config, kit)
  const { body } = await client.describeDomainCertificateInfo(
    new sdk.DescribeDomainCertificateInfoRequest({ domainName: config.domain }),
  )
  const { serverCertificate, serverCertificateStatus } = body?.certInfos?.certInfo?.[0] ?? {}
  return serverCertificateStatus === 'on' ? (serverCertificate ?? null) : null
}

async function removeEarlier(config: CdnConfig, kit: AdapterKit, earlier: readonly string[]): Promise<readonly string[]> {
  const inUse = leafSha256(await readPem(config, kit))
  return removeUploads(
    connectCas(config, kit),
    config.name,
    earlier.filter((sha256) => sha256 !== inUse),
  )
}

/** The upload bears the fingerprint in its name: when the answer is lost, the next try finds it. */
async function set(config: CdnConfig, kit: AdapterKit, pair: CheckedPair, log: StepLog): Promise<void> {
  const upload = await ensureUpload(connectCas(config, kit), config.name, pair, log)
  const { sdk, client } = connectCdn(config, kit)
  await client.setCdnDomainSSLCertificate(
    new sdk.SetCdnDomainSSLCertificateRequest({
      domainName: config.domain,
      certType: 'cas',
      certId: upload.id,
      certName: upload.name,
      certRegion: config.region,
      SSLProtocol: 'on',
    }),
  )
  log.say(`Set ${upload.name} for ${config.domain}: the network takes it up within minutes.`)
}
