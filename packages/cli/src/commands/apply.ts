/**
 * `evercert apply`: submits the application of a certificate, checks its validation, or takes it back.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { applicationForm, type ApplicationView, type Bilingual } from '@evercert/contract'
import { ApiProblem, type Client } from '@evercert/contract/client'
import { failure, wrongUsage } from '../failure.ts'
import { findCertificate } from '../find-certificate.ts'
import type { Session } from '../session.ts'
import { formatApplication } from '../format-application.ts'
import { readPem, readText } from './upload.ts'

export interface ApplyOptions {
  readonly file?: string
  readonly domain?: readonly string[]
  readonly validation?: string | undefined
  readonly dnsConnection?: string | undefined
  readonly contact?: string
  readonly company?: string
  readonly key?: string
  readonly csr?: string
  readonly csrId?: string
  readonly hostKey?: string
  readonly show?: boolean
  readonly check?: boolean
  readonly withdraw?: boolean
  readonly reissue?: boolean
}

type Form = Omit<Parameters<Client['applications']['submit']>[0], 'id'>

/** Without `--show`, `--check` or `--withdraw` it submits: what is there already, then the file, then the options. */
export async function applyCommand(session: Session, wanted: string, options: ApplyOptions): Promise<number> {
  const client = await session.client()
  const { id } = await findCertificate(client, wanted)
  const application = await act(client, id, options)
  session.document(application)
  const { url } = await session.connection()
  session.print(...formatApplication(session, application, url), ...whatFollows(session, application))
  return 0
}

async function act(client: Client, id: string, options: ApplyOptions): Promise<ApplicationView> {
  const current = await client.applications.get({ id })
  if (options.show === true) return current
  if (options.check === true) return client.applications.check({ id })
  if (options.withdraw === true) return client.applications.withdraw({ id })
  const fromFile = options.file === undefined ? {} : await readForm(options.file)
  const form = mergeForms(current, fromFile, await fromOptions(options))
  if (form.domains.length === 0) throw withoutDomains(id)
  try {
    return await client.applications.submit({ id, ...form, ...(options.reissue === true && { reissue: true }) })
  } catch (error) {
    throw notDue(error, id) ?? error
  }
}

function withoutDomains(id: string): Error {
  return failure('invalid', `Applying for ${id}: it has no domains: give --domain, or --file.`, {
    facts: { field: 'domains' },
    cause: { en: 'The application has no domains.', zh: '证书申请中没有域名。' },
    remedy: {
      en: `Give them: evercert apply ${id} --domain www.example.com --validation file`,
      zh: `请指定域名，如：evercert apply ${id} --domain www.example.com --validation file`,
    },
  })
}

/** What can be done instead, in the words of this command. */
function notDue(error: unknown, id: string): Error | null {
  if (!(error instanceof ApiProblem) || error.problem.code !== 'conflict') return null
  const { detail, facts } = error.problem
  const possible: unknown = facts['possible']
  const isPossible = (what: string): boolean => Array.isArray(possible) && possible.includes(what)
  if (isPossible('withdraw')) {
    return failure('conflict', detail, {
      cause: { en: 'An application is in progress.', zh: '已有正在进行的证书申请。' },
      remedy: {
        en: `See it with evercert apply ${id} --show, or take it back first with --withdraw.`,
        zh: `查看：evercert apply ${id} --show；如需修改，请先用 --withdraw 撤回。`,
      },
    })
  }
  if (!isPossible('reissue')) return null
  return failure('conflict', detail, {
    cause: { en: 'The certificate is issued, and no application is due.', zh: '证书已签发，目前无需提交申请。' },
    remedy: {
      en: 'To have it issued again at no charge, with a new key, add --reissue.',
      zh: '如需在服务期内免费重新签发（使用新密钥），请加 --reissue。',
    },
  })
}

/** The CA gives its challenges a moment after the submission. */
function whatFollows({ say }: Session, { certificateId, state, validations }: ApplicationView): string[] {
  if (state !== 'pendingValidation' || validations.length > 0) return []
  return [
    '',
    say(
      `What to put in place for the validation is shown in a moment by: evercert apply ${certificateId} --show`,
      `稍后可用以下命令查看需要放置的验证文件或解析记录：evercert apply ${certificateId} --show`,
    ),
  ]
}

/**
 * What names a record replaces what was
 * written out, and the other way round.
 */
export function mergeForms(current: ApplicationView, fromFile: Partial<Form>, fromOptions: Partial<Form>): Form {
  return [fromFile, fromOptions].reduce<Form>((form, change) => ({ ...form, ...withoutRivals(change), ...change }), current.form)
}

function withoutRivals(change: Partial<Form>): Partial<Form> {
  const isGiven = (value: unknown): boolean => value !== undefined && value !== null
  return {
    ...(isGiven(change.contactId) && { contact: null }),
    ...(isGiven(change.contact) && { contactId: null }),
    ...(isGiven(change.csrId) && { csrPem: null, hostKey: null }),
    ...(isGiven(change.csrPem) && { csrId: null, hostKey: null }),
    ...(isGiven(change.hostKey) && { csrPem: null, csrId: null }),
  }
}

/** What the options say of the form. @throws CliFailure `invalid` */
export async function fromOptions(options: ApplyOptions): Promise<Partial<Form>> {
  const { domain, validation, dnsConnection, contact, company, key, csr, csrId, hostKey } = options
  const raw = {
    ...(domain !== undefined && { domains: domain }),
    ...(dnsConnection !== undefined && { dnsConnectionId: dnsConnection, validationMethod: 'dnsAutomatic' }),
    ...(validation !== undefined && { validationMethod: validation }),
    ...(contact !== undefined && { contactId: contact }),
    ...(company !== undefined && { companyId: company }),
    ...(key !== undefined && { key }),
    ...(csr !== undefined && { csrPem: await readPem('--csr', csr) }),
    ...(csrId !== undefined && { csrId }),
    ...(hostKey !== undefined && { hostKey: toHostKey(hostKey) }),
  }
  return checkForm(raw, { en: 'Reading the options', zh: '读取选项' })
}

/** `web1/shop.example`: names of agents have no slash, and those of sites neither. `none`: the service makes the key. */
function toHostKey(text: string): object | null {
  if (text === 'none') return null
  const [agent = '', site = '', ...more] = text.split('/')
  return more.length === 0 ? { agent, site } : {}
}

async function readForm(path: string): Promise<Partial<Form>> {
  const text = await readText('--file', path)
  try {
    return checkForm(JSON.parse(text) as object, { en: `Reading ${path}`, zh: `读取 ${path}` })
  } catch (error) {
    if (error instanceof SyntaxError)
      throw wrongUsage('invalid', {
        en: `Reading ${path}: it is not JSON: correct it.`,
        zh: `读取 ${path}：不是有效的 JSON，请修正。`,
      })
    throw error
  }
}

/** Only what is there is checked and passed on: a default would replace what is known already. */
function checkForm(raw: object, attempt: Bilingual): Partial<Form> {
  const parsed = applicationForm.partial().safeParse(raw)
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'form'}: ${message}`)
    throw wrongUsage('invalid', { en: `${attempt.en}: ${faults.join('; ')}.`, zh: `${attempt.zh}：${faults.join('；')}。` })
  }
  return Object.fromEntries(Object.entries(parsed.data).filter(([name]) => name in raw))
}

/** The bytes of a file, for documents. @throws CliFailure `invalid` */
export async function readBase64(option: string, path: string): Promise<string> {
  try {
    return (await readFile(path)).toString('base64')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable'
    throw wrongUsage('invalid', {
      en: `Reading ${option}: ${path} cannot be read (${code}): check the path.`,
      zh: `读取 ${option}：无法读取 ${path}（${code}），请检查路径。`,
    })
  }
}
