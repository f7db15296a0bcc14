/**
 * Brands: under whose name products are sold.
 *
 * @module
 */
import { z } from 'zod'
import { line } from './line.ts'
import { read, write } from './operation.ts'
import { bilingual, page } from './views.ts'

const name = line(64)
const text = line(64)
const title = z.strictObject({ en: text, zh: text })

export const brandView = z.object({
  name: z.string().meta({ description: 'What the specification of a product holds' }),
  title: bilingual,
  products: z.int().meta({ description: 'How many products have it' }),
})
export type BrandView = z.infer<typeof brandView>

export const brands = {
  list: read('/brands', 'Orders', 'List brands by name', 'orders:read').output(page(brandView)),
  create: write('/brands', 'Orders', 'Add a brand (operator)', 'installation:operate', { created: true })
    .input(z.strictObject({ name, title }))
    .output(brandView),
  update: write('/brands/{name}', 'Orders', "Change a brand's titles; its name stays (operator)", 'installation:operate')
    .input(z.strictObject({ name, title }))
    .output(brandView),
}
