/**
 * Certificates as archives: each operation one line to its service.
 *
 * @module
 */
import { takeKeyWithinRules } from '../../services/approvals/within-rules.ts'
import { downloadCertificate, listDownloadViews } from '../../services/downloads.ts'
import { onePage, operations } from './operation.ts'

export const downloads = {
  list: operations.downloads.list.handler(async ({ context: { services, caller }, input }) =>
    onePage(await listDownloadViews(services, caller, input.id)),
  ),
  certificate: operations.downloads.certificate.handler(({ context: { services, caller }, input }) =>
    downloadCertificate(services, caller, input.id, input.format),
  ),
  withKey: operations.downloads.withKey.handler(({ context: { services, caller }, input }) =>
    takeKeyWithinRules(services, caller, input),
  ),
}
