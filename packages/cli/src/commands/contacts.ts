/**
 * `evercert contacts` and `evercert companies`: the records that fill applications.
 *
 * @module
 */
import { company as companySchema, type CompanyView, type DocumentKind } from '@evercert/contract'
import { wrongUsage } from '../failure.ts'
import { clean, formatFacts } from '../output.ts'
import { listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'
import { wordFor } from '../words.ts'
import { refuseExisting, writeFiles } from '../write-files.ts'
import { readBase64 } from './apply.ts'
import { readText } from './upload.ts'

export const listContactsCommand = listCommand({
  load: (client) => client.contacts.list(),
  none: ['No contact.', '没有联系人。'],
  columns: [
    ['NAME', '姓名', ({ name }) => name],
    ['E-MAIL', '邮箱', ({ email }) => email],
    ['PHONE', '电话', ({ phone }) => phone],
    ['ID', '编号', ({ id }) => id],
  ],
})

export interface ContactOptions {
  readonly name: string
  readonly email: string
  readonly phone: string
}

export async function addContactCommand(session: Session, { name, email, phone }: ContactOptions): Promise<number> {
  return showContact(session, await (await session.client()).contacts.create({ name, email, phone }))
}

export async function showContactCommand(session: Session, id: string): Promise<number> {
  return showContact(session, await (await session.client()).contacts.get({ id }))
}

export async function changeContactCommand(session: Session, id: string, change: Partial<ContactOptions>): Promise<number> {
  const client = await session.client()
  const { name, email, phone } = { ...(await client.contacts.get({ id })), ...change }
  return showContact(session, await client.contacts.update({ id, name, email, phone }))
}

function showContact(session: Session, contact: ContactOptions & { readonly id: string }): number {
  const { say, paint } = session
  session.document(contact)
  session.print(
    ...formatFacts(
      [
        [say('Id', '编号'), contact.id],
        [say('Name', '姓名'), contact.name],
        [say('E-mail', '邮箱'), contact.email],
        [say('Phone', '电话'), contact.phone],
      ],
      paint,
    ),
  )
  return 0
}

export async function removeContactCommand(session: Session, id: string): Promise<number> {
  return removed(session, await (await session.client()).contacts.remove({ id }))
}

export function removed(session: Session, gone: { readonly id: string }): number {
  session.document(gone)
  session.print(session.say(`Removed: ${gone.id}`, `已删除：${gone.id}`))
  return 0
}

export const listCompaniesCommand = listCommand({
  load: (client) => client.companies.list(),
  none: ['No company.', '没有公司。'],
  columns: [
    ['NAME', '名称', ({ name }) => name],
    ['REGISTRATION', '注册号', ({ registrationNumber }) => registrationNumber],
    ['PHONE', '电话', ({ phone }) => phone],
    [
      'DOCUMENTS',
      '证件',
      ({ documents }, { language }) => documents.map((kind) => wordFor('document', kind, language)).join(', ') || '–',
    ],
    ['ID', '编号', ({ id }) => id],
  ],
})

export interface CompanyOptions {
  readonly file: string
  readonly licence?: string
  readonly bankPermit?: string
}

/** The company comes as a JSON file: it has more fields than a command line is good for. */
export async function addCompanyCommand(session: Session, options: CompanyOptions): Promise<number> {
  const { file, licence, bankPermit } = options
  const wish = readCompany(file, parseJson(file, await readText('--file', file)))
  // Read before anything is stored: a path with a slip leaves nothing half done.
  const documents: readonly (readonly [DocumentKind, string])[] = [
    ...(licence === undefined ? [] : [['businessLicence', await readBase64('--licence', licence)] as const]),
    ...(bankPermit === undefined ? [] : [['bankPermit', await readBase64('--bank-permit', bankPermit)] as const]),
  ]
  const client = await session.client()
  let company = await client.companies.create(wish)
  for (const [kind, contentBase64] of documents)
    company = await client.companies.putDocument({ id: company.id, kind, contentBase64 })
  return showCompany(session, company)
}

/** The file holds the fields that change; the others stay. */
export async function changeCompanyCommand(session: Session, id: string, { file }: { readonly file: string }): Promise<number> {
  const change = parseJson(file, await readText('--file', file))
  const client = await session.client()
  const now = await client.companies.get({ id })
  const fields = Object.fromEntries(Object.keys(companySchema.shape).map((name) => [name, now[name as keyof typeof now]]))
  return showCompany(session, await client.companies.update({ id, ...readCompany(file, Object.assign(fields, change)) }))
}

function readCompany(path: string, value: unknown) {
  const parsed = companySchema.safeParse(value)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path: field, message }) => `${field.join('.') || 'company'}: ${message}`)
  throw wrongUsage('invalid', { en: `Reading ${path}: ${faults.join('; ')}.`, zh: `读取 ${path}：${faults.join('；')}。` })
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw wrongUsage('invalid', {
      en: `Reading ${path}: it is not JSON: correct it.`,
      zh: `读取 ${path}：不是有效的 JSON，请修正。`,
    })
  }
}

export interface DocumentOptions {
  readonly kind: DocumentKind
  readonly file: string
}

export async function putDocumentCommand(session: Session, id: string, { kind, file }: DocumentOptions): Promise<number> {
  const contentBase64 = await readBase64('--file', file)
  return showCompany(session, await (await session.client()).companies.putDocument({ id, kind, contentBase64 }))
}

export interface SaveDocumentOptions {
  readonly kind: DocumentKind
  readonly out: string
  readonly force?: boolean
}

/** Written for its owner alone. */
export async function saveDocumentCommand(session: Session, id: string, options: SaveDocumentOptions): Promise<number> {
  const { kind, out, force = false } = options
  refuseExisting([out], { force })
  const { contentBase64, ...document } = await (await session.client()).companies.getDocument({ id, kind })
  await writeFiles([{ path: out, bytes: Buffer.from(contentBase64, 'base64') }], { secret: true, force })
  session.document({ ...document, path: out })
  session.print(clean(out))
  return 0
}

export async function removeDocumentCommand(
  session: Session,
  id: string,
  { kind }: { readonly kind: DocumentKind },
): Promise<number> {
  return showCompany(session, await (await session.client()).companies.removeDocument({ id, kind }))
}

export async function showCompanyCommand(session: Session, id: string): Promise<number> {
  return showCompany(session, await (await session.client()).companies.get({ id }))
}

function showCompany(session: Session, company: CompanyView): number {
  const { say, paint, language } = session
  session.document(company)
  const documents = company.documents.map(
    ({ kind, contentType, bytes }) => `${wordFor('document', kind, language)} (${contentType}, ${bytes} B)`,
  )
  session.print(
    ...formatFacts(
      [
        [say('Id', '编号'), company.id],
        [say('Name', '名称'), company.name],
        [say('Type', '类型'), wordFor('companyType', company.type, language)],
        [say('Registration', '注册号'), company.registrationNumber],
        [say('Phone', '电话'), company.phone],
        [
          say('Address', '地址'),
          `${company.address}, ${company.postalCode} ${company.city}, ${company.region}, ${company.country}`,
        ],
        [say('Documents', '证件'), documents.join(', ') || '–'],
      ],
      paint,
    ),
  )
  return 0
}

export async function removeCompanyCommand(session: Session, id: string): Promise<number> {
  return removed(session, await (await session.client()).companies.remove({ id }))
}
