/**
 * Stored CSRs: each operation one line to its service.
 *
 * @module
 */
import { attachKey, createCsr, listCsrs, loadCsr, removeCsr, uploadCsr } from '../../services/csrs.ts'
import { onePage, operations } from './operation.ts'

export const csrs = {
  list: operations.csrs.list.handler(async ({ context: { services, caller } }) => onePage(await listCsrs(services, caller))),
  get: operations.csrs.get.handler(({ context: { services, caller }, input }) => loadCsr(services, caller, input.id)),
  create: operations.csrs.create.handler(({ context: { services, caller }, input }) => createCsr(services, caller, input)),
  upload: operations.csrs.upload.handler(({ context: { services, caller }, input }) => uploadCsr(services, caller, input)),
  attachKey: operations.csrs.attachKey.handler(({ context: { services, caller }, input }) =>
    attachKey(services, caller, input.id, input.privateKeyPem),
  ),
  remove: operations.csrs.remove.handler(({ context: { services, caller }, input }) => removeCsr(services, caller, input.id)),
}
