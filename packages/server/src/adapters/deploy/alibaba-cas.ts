/**
 * Alibaba Cloud Certificate Management Service: certificates are uploaded under a name of their own, for products that take them from there. Which product
 * uses which is not changed; for CDN there is a kind of its own.
 *
 * @module
 */
import { checkPair } from '@evercert/pair-files/pair'
import { createStepLog } from '@evercert/pair-files/step-log'
import { z } from 'zod'
import { deployAdapter } from '../../ports/deploy.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import {
  ALIBABA_STORE,
  alibabaSettings,
  connectCas,
  ensureUpload,
  listUploads,
  removeUploads,
  type Upload,
} from '../kit/alibaba.ts'
import { isUploadOf } from '../kit/cloud.ts'

const casConfig = z.object(alibabaSettings)
type CasConfig = z.infer<typeof casConfig>

export const alibabaCas = deployAdapter<CasConfig>({
  kind: 'deploy',
  id: 'alibabaCas',
  title: 'Alibaba Cloud Certificate Management Service',
  apiDocs: 'https://api.aliyun.com/document/cas/2020-04-07/UploadUserCertificate',
  config: casConfig,
  isUntried: true,
  uploadsTo: ALIBABA_STORE,
  create: (config, kit) => ({
    host: config.casEndpoint ?? 'Alibaba Cloud',
    inspect: async () => ({ sha256: (await newest(config, kit))?.sha256 ?? null }),
    apply: async (pair) => {
      const wanted = checkPair(pair)
      const log = createStepLog(kit.now, kit.onLogLine)
      const previousSha256 = (await newest(config, kit))?.sha256 ?? null
      const { isNew } = await ensureUpload(connectCas(config, kit), config.name, wanted, log)
      return { changed: isNew, previousSha256, reloaded: false, log: log.lines }
    },
    ...(config.removeEarlierUploads && {
      removeEarlier: (earlier: readonly string[]) => removeUploads(connectCas(config, kit), config.name, earlier),
    }),
    restore: async (refused, previous) => {
      const log = createStepLog(kit.now, kit.onLogLine)
      const cas = connectCas(config, kit)
      const there = (await ours(config, kit)).find(({ sha256 }) => sha256 === refused)
      if (there === undefined) {
        log.say('The refused certificate is not there: nothing was changed.')
        return { changed: false, sha256: (await newest(config, kit))?.sha256 ?? null, reloaded: false, log: log.lines }
      }
      if (previous !== null) await ensureUpload(cas, config.name, checkPair(previous), log)
      await cas.client.deleteUserCertificate(new cas.sdk.DeleteUserCertificateRequest({ certId: there.id }))
      log.say(`Deleted ${there.name} (${there.id}).`)
      return { changed: true, sha256: (await newest(config, kit))?.sha256 ?? null, reloaded: false, log: log.lines }
    },
  }),
})

/** Ids go up. */
async function newest(config: CasConfig, kit: AdapterKit): Promise<Upload | null> {
  return (await ours(config, kit)).toSorted((one, other) => other.id - one.id)[0] ?? null
}

async function ours(config: CasConfig, kit: AdapterKit): Promise<readonly Upload[]> {
  return (await listUploads(connectCas(config, kit))).filter(({ name }) => isUploadOf(config.name, name))
}
