/**
 * Whether a product takes orders now.
 *
 * @module
 */
import type { ProductView } from '@evercert/contract'

export type Retirement = Pick<ProductView, 'retiredAt' | 'issuerRetiredAt'>

/** Neither it nor the issuer behind it is retired: the service refuses orders otherwise. */
export function isSold({ retiredAt, issuerRetiredAt }: Retirement): boolean {
  return retiredAt === null && issuerRetiredAt === null
}
