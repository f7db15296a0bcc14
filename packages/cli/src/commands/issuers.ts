/**
 * `evercert issuers` and `evercert brands`: from whom and under whose name certificates are sold; for operators.
 *
 * @module
 */
import { issuerTitleIn, type BrandView, type IssuerDetail, type IssuerView } from '@evercert/contract'
import { formatDay } from '../format.ts'
import { clean, formatTable } from '../output.ts'
import { listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'
import { hasSettings, type SettingsOptions } from '../settings/given.ts'
import { readSettings } from '../settings/read-settings.ts'
import { wordFor } from '../words.ts'
import { readPem } from './upload.ts'

export const listIssuersCommand = listCommand({
  load: (client) => client.issuers.list(),
  format: formatIssuers,
})

export async function showIssuerCommand(session: Session, id: string): Promise<number> {
  return show(session, await (await session.client()).issuers.get({ id }))
}

export interface AddIssuerOptions extends SettingsOptions {
  readonly title: string
  readonly kind: string
  /** PEM. */
  readonly root?: string
}

export async function addIssuerCommand(session: Session, id: string, options: AddIssuerOptions): Promise<number> {
  const { title, kind, root } = options
  const rootPem = root === undefined ? null : await readPem('--root', root)
  const config = await readSettings(session, { port: 'ca', kind, options })
  const client = await session.client()
  const issuer = await client.issuers.create({ id, title, kind, config, ...(rootPem !== null && { rootPem }) })
  session.document(issuer)
  session.print(
    ...formatIssuers(session, [issuer]),
    session.say(
      `Sell its certificates: evercert products add <id> --issuer ${id} …`,
      `销售其证书：evercert products add <编号> --issuer ${id} ……`,
    ),
  )
  return 0
}

export interface ChangeIssuerOptions extends SettingsOptions {
  readonly title?: string
  readonly root?: string
}

/** `--set` changes one of the settings that there are; `--config` has all of them. Secrets that are left out stay. */
export async function changeIssuerCommand(session: Session, id: string, options: ChangeIssuerOptions): Promise<number> {
  const { title, root } = options
  const change = {
    ...(title !== undefined && { title }),
    ...(root !== undefined && { rootPem: root === 'none' ? null : await readPem('--root', root) }),
    ...(hasSettings(options) && { config: await changedSettings(session, id, options) }),
  }
  return show(session, await (await session.client()).issuers.update({ id, ...change }))
}

async function changedSettings(session: Session, id: string, options: SettingsOptions): Promise<Record<string, unknown>> {
  const { kind, config: kept } = await (await session.client()).issuers.get({ id })
  return readSettings(session, { port: 'ca', kind, options, kept })
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

function formatIssuers({ say, paint, columns, language }: Session, issuers: readonly IssuerView[]): string[] {
  const header = [
    say('TITLE', '名称'),
    say('KIND', '类型'),
    say('VALIDITY', '有效期规则'),
    say('RETIRED', '停用'),
    say('ID', '编号'),
  ]
  const rows = issuers.map(({ id, title, kind, validityRule, retiredAt }) => [
    { text: issuerTitleIn(language, title) },
    { text: kind },
    { text: wordFor('validityRule', validityRule, language) },
    { text: formatDay(retiredAt) },
    { text: id, colour: 'dim' as const },
  ])
  return formatTable(header, rows, { paint, columns, shrink: 0 })
}

export const listBrandsCommand = listCommand({
  load: (client) => client.brands.list(),
  format: formatBrands,
})

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
