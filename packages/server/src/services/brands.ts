/**
 * Brands: a list with titles. The name stands in specifications, which renewals compare: it never changes.
 *
 * @module
 */
import type { Bilingual, BrandView } from '@evercert/contract'
import type { Db } from '../db/connect.ts'
import type { Trx } from '../db/transition.ts'
import { AppError } from '../domain/errors.ts'
import { notFound, type Services } from './context.ts'

interface NamedBrand {
  readonly name: string
  readonly title: Bilingual
}

/** @throws AppError `duplicateName` */
export async function createBrand(services: Services, { name, title }: NamedBrand): Promise<BrandView> {
  const isNew = await insertBrand(services, services.db, { name, title })
  if (!isNew)
    throw new AppError('duplicateName', `Adding brand ${name}: there is one with this name: choose another.`, {
      facts: { field: 'name' },
    })
  return { name, title: { ...title }, products: 0 }
}

/** @throws AppError `notFound` */
export async function updateBrand(services: Services, { name, title }: NamedBrand): Promise<BrandView> {
  const result = await services.db
    .updateTable('brand')
    .set({ title_en: title.en, title_zh: title.zh })
    .where('name', '=', name)
    .executeTakeFirst()
  if (result.numUpdatedRows !== 1n) throw notFound('brand', name)
  return toView(await brandQuery(services.db).where('brand.name', '=', name).executeTakeFirstOrThrow())
}

export async function listBrands({ db }: Services): Promise<BrandView[]> {
  return (await brandQuery(db).orderBy('brand.name').execute()).map((row) => toView(row))
}

/**
 * In the transaction that adds a product.
 *
 * @param brand.mayCreate adds a brand that is not there, titled by its name
 * @throws AppError `unknownBrand` with the brands that there are
 */
export async function ensureBrand(
  services: Services,
  trx: Trx,
  { name, mayCreate }: { readonly name: string; readonly mayCreate: boolean },
): Promise<void> {
  if (mayCreate) {
    await insertBrand(services, trx, { name, title: { en: name, zh: name } })
    return
  }
  const known = await trx.selectFrom('brand').select('name').where('name', '=', name).executeTakeFirst()
  if (known !== undefined) return
  const brands = (await trx.selectFrom('brand').select('name').orderBy('name').limit(50).execute()).map((brand) => brand.name)
  throw new AppError(
    'unknownBrand',
    `Adding a product of the brand "${name}": there is no such brand: use ${brands.map((each) => `"${each}"`).join(', ')}, or add it first.`,
    { facts: { brands } },
  )
}

/** @returns false when it is there already */
async function insertBrand(services: Services, db: Db | Trx, { name, title }: NamedBrand): Promise<boolean> {
  const result = await db
    .insertInto('brand')
    .values({ name, title_en: title.en, title_zh: title.zh, created_at: new Date(services.now()) })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

function brandQuery(db: Db | Trx) {
  return db
    .selectFrom('brand')
    .leftJoin('product', 'product.brand', 'brand.name')
    .select(['brand.name', 'brand.title_en', 'brand.title_zh'])
    .select((builder) => builder.fn.count<number>('product.id').as('products'))
    .groupBy('brand.name')
}

function toView(row: { name: string; title_en: string; title_zh: string; products: number }): BrandView {
  return { name: row.name, title: { en: row.title_en, zh: row.title_zh }, products: Number(row.products) }
}
