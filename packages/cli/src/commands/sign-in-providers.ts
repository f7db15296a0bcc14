/**
 * `evercert sign-in-providers`: OpenID Connect providers of single sign-on, for the operator of the installation.
 *
 * @module
 */
import type { ProviderSecondFactor, SignInProviderView } from '@evercert/contract'
import type { Client } from '@evercert/contract/client'
import { failure } from '../failure.ts'
import { clean, formatTable } from '../output.ts'
import { listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'
import { readSource, wrongOption } from '../settings/given.ts'

export interface ProviderOptions {
  readonly title?: string
  readonly clientId?: string
  /** `-` is stdin. */
  readonly clientSecretFile?: string
  readonly domain?: readonly string[]
  readonly newUsers?: boolean
  readonly secondFactor?: string
  readonly acr?: readonly string[]
}

export interface AddProviderOptions extends ProviderOptions {
  readonly issuer: string
  readonly title: string
  readonly clientId: string
  readonly clientSecretFile: string
  readonly domain: readonly string[]
}

export const listProvidersCommand = listCommand({
  load: (client) => client.signInProviders.list(),
  none: ['No provider of single sign-on.', '没有单点登录服务。'],
  format: formatProviders,
})

export async function addProviderCommand(session: Session, id: string, options: AddProviderOptions): Promise<number> {
  const { issuer, title, clientId, domain: allowedDomains } = options
  const clientSecret = await readSecret(session, options.clientSecretFile)
  const client = await session.client()
  const wish = { id, issuer, title, clientId, clientSecret, allowedDomains: [...allowedDomains] }
  const provider = await client.signInProviders.create({
    ...wish,
    newUsers: options.newUsers ?? false,
    ...secondFactorOf(options),
  })
  return show(session, provider)
}

/** What is left out stays. */
export async function changeProviderCommand(session: Session, id: string, options: ProviderOptions): Promise<number> {
  const { title, clientId, clientSecretFile, domain, newUsers } = options
  const client = await session.client()
  await findProvider(client, id)
  const provider = await client.signInProviders.update({
    id,
    ...(title !== undefined && { title }),
    ...(clientId !== undefined && { clientId }),
    ...(clientSecretFile !== undefined && { clientSecret: await readSecret(session, clientSecretFile) }),
    ...(domain !== undefined && { allowedDomains: [...domain] }),
    ...(newUsers !== undefined && { newUsers }),
    ...secondFactorOf(options),
  })
  return show(session, provider)
}

export async function removeProviderCommand(session: Session, id: string): Promise<number> {
  const client = await session.client()
  const { title } = await findProvider(client, id)
  session.document(await client.signInProviders.remove({ id }))
  session.print(
    session.say(
      `Removed ${clean(title)}: it signs nobody in any more; sessions go on.`,
      `已移除 ${clean(title)}：不能再通过它登录；现有会话不受影响。`,
    ),
  )
  return 0
}

async function findProvider(client: Client, id: string): Promise<SignInProviderView> {
  const found = (await client.signInProviders.list()).items.find((each) => each.id === id)
  if (found !== undefined) return found
  throw failure('notFound', {
    en: `Looking up the sign-in provider ${clean(id)}: there is none with this id: see evercert sign-in-providers.`,
    zh: `查找单点登录提供方 ${clean(id)}：没有此编号，请查看 “evercert sign-in-providers”。`,
  })
}

async function readSecret(session: Session, file: string): Promise<string> {
  return (await readSource(session, '--client-secret-file', file)).trim()
}

function secondFactorOf({ secondFactor, acr }: ProviderOptions) {
  if (secondFactor !== undefined && !isSecondFactor(secondFactor))
    throw wrongOption('--second-factor', 'give asked or trusted', '请使用 asked 或 trusted')
  return {
    ...(secondFactor !== undefined && { secondFactor }),
    ...(acr !== undefined && { requiredAcr: acr.filter((each) => each !== 'none') }),
  }
}

function isSecondFactor(text: string): text is ProviderSecondFactor {
  return text === 'asked' || text === 'trusted'
}

function show(session: Session, provider: SignInProviderView): number {
  session.document(provider)
  session.print(...formatProviders(session, [provider]))
  if (provider.redirectUrl !== null)
    session.print(
      session.say(
        `Register this redirect URL there: ${provider.redirectUrl}`,
        `请在登录服务中登记回调地址：${provider.redirectUrl}`,
      ),
    )
  return 0
}

function formatProviders({ say, paint, columns }: Session, providers: readonly SignInProviderView[]): string[] {
  const rows = providers.map((each) => [
    { text: each.id },
    { text: each.title },
    { text: each.allowedDomains.join(', ') },
    { text: each.newUsers ? say('become users', '自动创建') : say('refused', '拒绝') },
    { text: secondFactorText(say, each) },
    { text: each.issuer, colour: 'dim' as const },
  ])
  const heads = [
    say('ID', '编号'),
    say('TITLE', '名称'),
    say('DOMAINS', '邮箱域名'),
    say('NEWCOMERS', '新用户'),
    say('SECOND FACTOR', '双因素'),
    say('ISSUER', 'ISSUER'),
  ]
  return formatTable(heads, rows, { paint, columns })
}

function secondFactorText(say: Session['say'], { secondFactor, requiredAcr }: SignInProviderView): string {
  if (secondFactor === 'asked') return say('asked here', '在此验证')
  const acr = requiredAcr.length === 0 ? '' : ` (${requiredAcr.join(', ')})`
  return `${say('the provider’s', '由登录服务验证')}${acr}`
}
