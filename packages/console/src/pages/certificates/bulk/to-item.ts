/**
 * A certificate as the item of an action on many.
 *
 * @module
 */
import type { CertificateView } from '@evercert/contract'
import type { BulkItem } from './run-bulk.ts'

export function toItem({ id, name }: CertificateView): BulkItem {
  return { id, certificateId: id, name }
}
