/**
 * `evercert issuers` and `evercert brands`: from whom and under whose name certificates are sold; for operators.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import type { BrandView, IssuerDetail, IssuerView } from '@evercert/contract'
import { failure } from '../failure.ts'
import { formatDay } from '../format.ts'
import { clean, formatTable } from '../output.ts'
import type { Session } from '../session.ts'
import { readPem } from './upload.ts'

export async function listIssuersCommand(session: Session): Promise<number> {
  const page = await (await session.client()).issuers.list()
  session.document(page)
  session.print(...formatIssuers(session, page.items))
  return 0
}

export async function showIssuerCommand(session: Session, id: string): Promise<number> {
  return show(session, await (await session.client()).issuers.get({ id }))
}

export interface ChangeIssuerOptions {
  readonly title?: string
  readonly config?: string
  readonly root?: string
}

/** `--config` has all settings; secrets that it leaves out stay. */
export async function changeIssuerCommand(session: Session, id: string, options: ChangeIssuerOptions): Promise<number> {
  const { title, config, root } = options
  const change = {
    ...(title !== undefined && { title }),
    ...(config !== undefined && { config: await readSettings(config) }),
    ...(root !== undefined && { rootPem: root === 'none' ? null : await readPem('--root', root) }),
  }
  return show(session, await (await session.client()).issuers.update({ id, ...change }))
}

export async function retireIssuerCommand(session: Session, id: string): Promise<number> {
  return show(session, await (await session.client()).issuers.retire({ id }))
}

export async function restoreIssuerCommand(session: Session, id: string): Promise<number> {
  return show(session, await (await session.client()).issuers.restore({ id }))
}

function show(session: Session, issuer: IssuerDetail): number {
  session.document(issuer)
  const { say, paint } = session
  session.print(
    ...formatIssuers(session, [issuer]),
    ...JSON.stringify(issuer.config, null, 2).split('\n').map(clean),
    paint('dim', `${say('Secrets that are set', '已设置的机密')}: ${issuer.secretsSet.join(', ') || '–'}`),
  )
  return 0
}

/** JSON, or `@file` that holds it. @throws CliFailure `invalid` */
async function readSettings(text: string): Promise<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text.startsWith('@') ? await readFile(text.slice(1), 'utf8') : text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // said below; the text may hold secrets, so it is not repeated
  }
  throw failure('invalid', 'Reading --config: it is no JSON object, and no @file that holds one.')
}

function formatIssuers({ say, paint, columns }: Session, issuers: readonly IssuerView[]): string[] {
  const header = [
    say('TITLE', '名称'),
    say('KIND', '类型'),
    say('VALIDITY', '有效期规则'),
    say('RETIRED', '停用'),
    say('ID', '编号'),
  ]
  const rows = issuers.map(({ id, title, kind, validityRule, retiredAt }) => [
    { text: title },
    { text: kind },
    { text: validityRule },
    { text: formatDay(retiredAt) },
    { text: id, colour: 'dim' as const },
  ])
  return formatTable(header, rows, { paint, columns, shrink: 0 })
}

export async function listBrandsCommand(session: Session): Promise<number> {
  const page = await (await session.client()).brands.list()
  session.document(page)
  session.print(...formatBrands(session, page.items))
  return 0
}

export interface BrandOptions {
  readonly title?: string
  readonly titleZh?: string
}

export async function addBrandCommand(session: Session, name: string, options: BrandOptions): Promise<number> {
  return showBrand(session, await (await session.client()).brands.create(toBrand(name, options)))
}

export async function changeBrandCommand(session: Session, name: string, options: BrandOptions): Promise<number> {
  return showBrand(session, await (await session.client()).brands.update(toBrand(name, options)))
}

function toBrand(name: string, { title = name, titleZh = title }: BrandOptions) {
  return { name, title: { en: title, zh: titleZh } }
}

function showBrand(session: Session, brand: BrandView): number {
  session.document(brand)
  session.print(...formatBrands(session, [brand]))
  return 0
}

function formatBrands({ say, paint, columns }: Session, brands: readonly BrandView[]): string[] {
  const header = [say('NAME', '品牌'), say('TITLE', '名称'), say('PRODUCTS', '产品数')]
  const rows = brands.map(({ name, title, products }) => [
    { text: name },
    { text: say(title.en, title.zh) },
    { text: String(products) },
  ])
  return formatTable(header, rows, { paint, columns, shrink: 1 })
}
