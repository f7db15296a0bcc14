/**
 * Uploads of many certificates.
 *
 * @module
 */
import { uploadMany } from '../../services/uploads/upload-many.ts'
import { operations } from './operation.ts'

export const uploads = {
  create: operations.uploads.create.handler(({ context: { services, caller }, input }) => uploadMany(services, caller, input)),
}
