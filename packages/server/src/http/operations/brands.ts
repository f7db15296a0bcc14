/**
 * Brands: each operation one line to its service.
 *
 * @module
 */
import { createBrand, listBrands, updateBrand } from '../../services/brands.ts'
import { onePage, operations } from './operation.ts'

export const brands = {
  list: operations.brands.list.handler(async ({ context: { services } }) => onePage(await listBrands(services))),
  create: operations.brands.create.handler(({ context: { services }, input }) => createBrand(services, input)),
  update: operations.brands.update.handler(({ context: { services }, input }) => updateBrand(services, input)),
}
