/**
 * Promotions: each operation one line to its service.
 *
 * @module
 */
import { createPromotion, listPromotions, updatePromotion, withdrawPromotion } from '../../services/promotions.ts'
import { onePage, operations } from './operation.ts'

export const promotions = {
  list: operations.promotions.list.handler(async ({ context: { services } }) => onePage(await listPromotions(services))),
  create: operations.promotions.create.handler(({ context: { services }, input }) => createPromotion(services, input)),
  update: operations.promotions.update.handler(({ context: { services }, input }) => updatePromotion(services, input.id, input)),
  withdraw: operations.promotions.withdraw.handler(({ context: { services }, input }) => withdrawPromotion(services, input.id)),
}
