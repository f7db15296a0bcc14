import type { SameKeys } from '../texts.ts'
import type { brands as zh } from '../zh/brands.ts'

export const brands: SameKeys<typeof zh> = {
  title: 'Brands',
  intro:
    'Under whose name products are sold. The name stands in specifications, which renewals compare: it stays. Titles can be changed.',
  name: 'Name',
  nameHelp: 'What the specification of a product holds. It stays as it is.',
  products: 'Products',
  add: 'Add a brand',
  addIntro: 'New products can have it at once.',
  added: 'The brand {{name}} was added.',
  change: 'Titles',
  changeTitle: 'Titles of {{name}}',
  changeIntro: 'How it is shown, no more. Products, orders and certificates keep their brand.',
  changed: 'The brand {{name}} was changed.',
  emptyTitle: 'No brands yet',
  emptyText: 'Add a brand, then the products that are sold under it.',
}
