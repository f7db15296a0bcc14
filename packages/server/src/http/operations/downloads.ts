/**
 * Certificates as archives: each operation one line to its service.
 *
 * @module
 */
import { checkKeyRequester } from '../../services/approvals/rules.ts'
import { passGate } from '../../services/approvals/gate.ts'
import { downloadCertificate, downloadWithKey, listDownloadViews } from '../../services/downloads.ts'
import { onePage, operations } from './operation.ts'

export const downloads = {
  list: operations.downloads.list.handler(async ({ context: { services, caller }, input }) =>
    onePage(await listDownloadViews(services, caller, input.id)),
  ),
  certificate: operations.downloads.certificate.handler(({ context: { services, caller }, input }) =>
    downloadCertificate(services, caller, input.id, input.format),
  ),
  withKey: operations.downloads.withKey.handler(async ({ context: { services, caller }, input }) => {
    await checkKeyRequester(services, caller)
    const useApproval = await passGate(services, caller, { operation: 'downloads.withKey', input })
    return downloadWithKey(services, caller, { ...input, useApproval })
  }),
}
