/**
 * Certificates and their applications: each operation one line to its service.
 *
 * @module
 */
import { loadApplicationView } from '../../services/application-view.ts'
import { checkApplication, submitApplication, withdrawApplication } from '../../services/applications.ts'
import { listCertificateViews } from '../../services/certificate-list.ts'
import { loadCertificateDetail } from '../../services/certificates.ts'
import { probeLive } from '../../services/probing/live.ts'
import { uploadCertificate } from '../../services/uploads/upload-one.ts'
import { verifyCertificate } from '../../services/verify.ts'
import { operations } from './operation.ts'

export const certificates = {
  list: operations.certificates.list.handler(({ context: { services, caller }, input }) =>
    listCertificateViews(services, caller, input),
  ),
  get: operations.certificates.get.handler(({ context: { services, caller }, input }) =>
    loadCertificateDetail(services, caller, input.id),
  ),
  upload: operations.certificates.upload.handler(({ context: { services, caller }, input }) =>
    uploadCertificate(services, caller, input),
  ),
  verify: operations.certificates.verify.handler(({ context: { services, caller }, input }) =>
    verifyCertificate(services, caller, input.id),
  ),
  probe: operations.certificates.probe.handler(({ context: { services, caller }, input, signal }) =>
    probeLive(services, caller, { id: input.id, signal }),
  ),
}

export const applications = {
  get: operations.applications.get.handler(({ context: { services, caller }, input }) =>
    loadApplicationView(services, caller, input.id),
  ),
  submit: operations.applications.submit.handler(({ context: { services, caller }, input: { id, ...form } }) =>
    submitApplication(services, caller, id, form),
  ),
  check: operations.applications.check.handler(({ context: { services, caller }, input }) =>
    checkApplication(services, caller, input.id),
  ),
  withdraw: operations.applications.withdraw.handler(({ context: { services, caller }, input }) =>
    withdrawApplication(services, caller, input.id),
  ),
}
