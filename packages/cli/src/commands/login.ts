/**
 * `evercert login` and `evercert logout`: an API token for this machine, confirmed by a person in the console (RFC 8628).
 *
 * @module
 */
import { hostname, userInfo } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { isScope, SCOPES, type TokenView } from '@evercert/contract'
import { ApiProblem, createClient } from '@evercert/contract/client'
import { keepCredential, readCredential } from '../credentials.ts'
import { failure, wrongUsage } from '../failure.ts'
import { formatInstant } from '../format.ts'
import { clean } from '../output.ts'
import type { Session } from '../session.ts'

export interface LoginOptions {
  readonly scope: readonly string[]
  readonly name?: string
}

/** After each `slowDown` (RFC 8628 §3.5). */
const SLOWER_SECONDS = 5
const MAX_NAME = 40

/** Opens nothing: prints where to go and what to enter, and waits. @throws CliFailure `forbidden` (refused), `timedOut` */
export async function loginCommand(session: Session, { scope, name }: LoginOptions): Promise<number> {
  const { say, shell } = session
  const unknown = scope.filter((each) => !isScope(each))
  if (unknown.length > 0)
    throw wrongUsage('invalid', {
      en: `Reading --scope: there is no permission ${unknown.join(', ')}: use ${SCOPES.join(', ')}.`,
      zh: `读取 --scope：没有权限 ${unknown.join('、')}，可用：${SCOPES.join('、')}。`,
    })
  const url = await session.serviceUrl()
  const { deviceLogins } = createClient({ url, token: null })
  const client = (name ?? defaultName()).slice(0, MAX_NAME)
  const scopes = scope.filter((each) => isScope(each))
  const begun = await deviceLogins.begin({ client, scopes: scopes.length === 0 ? null : scopes })
  const minutes = Math.floor(begun.expiresInSeconds / 60)
  // Not with --json alone: whoever waits has to know what to do.
  shell.stderr.write(
    `${say(
      `Open ${begun.verificationUrl} and enter ${begun.userCode} within ${minutes} minutes.\nWaiting ...`,
      `请在 ${minutes} 分钟内打开 ${begun.verificationUrl} 并输入 ${begun.userCode}。\n等待确认……`,
    )}\n`,
  )
  const token = await waitForToken(session, begun, ({ deviceCode }) => deviceLogins.poll({ client, deviceCode }))
  const file = await keepCredential(shell.env, url, token.token)
  const { token: _, ...view } = token
  session.document({ ...view, url, file })
  session.print(
    say(
      `Signed in to ${url} until ${formatInstant(token.expiresAt)}, as the token "${clean(token.name)}".`,
      `已登录 ${url}，令牌“${clean(token.name)}”有效至 ${formatInstant(token.expiresAt)}。`,
    ),
    say(`It is kept in ${file}; "evercert logout" ends it.`, `令牌保存在 ${file}；“evercert logout”将其停用。`),
  )
  return 0
}

interface Begun {
  readonly deviceCode: string
  readonly expiresInSeconds: number
  readonly intervalSeconds: number
}

interface Polled {
  readonly state: 'pending' | 'slowDown' | 'refused' | 'over' | 'given'
  readonly token: (TokenView & { readonly token: string }) | null
}

async function waitForToken(
  { shell }: Session,
  begun: Begun,
  poll: (begun: Begun) => Promise<Polled>,
): Promise<NonNullable<Polled['token']>> {
  const until = shell.now() + begun.expiresInSeconds * 1000
  let intervalSeconds = begun.intervalSeconds
  while (shell.now() < until) {
    await sleep(intervalSeconds * 1000)
    const { state, token } = await poll(begun)
    if (token !== null) return token
    if (state === 'slowDown') intervalSeconds += SLOWER_SECONDS
    if (state === 'refused') {
      throw failure('forbidden', 'Signing in: it was refused in the console: begin again if that was a mistake.', {
        cause: { en: 'Somebody refused this login in the console.', zh: '此次登录已在控制台中被拒绝。' },
        remedy: { en: 'Run "evercert login" again if that was a mistake.', zh: '若为误操作，请重新运行“evercert login”。' },
      })
    }
    if (state === 'over') break
  }
  throw failure('timedOut', 'Signing in: nobody confirmed it in time: run "evercert login" again.', {
    cause: { en: 'Nobody confirmed this login in the console in time.', zh: '未在规定时间内在控制台确认此次登录。' },
    remedy: { en: 'Run "evercert login" again.', zh: '请重新运行“evercert login”。' },
  })
}

/** `evercert ada@laptop`; only what the service takes. */
function defaultName(): string {
  return `evercert ${userInfo().username}@${hostname().split('.')[0] ?? ''}`.replaceAll(/[^\p{L}\p{N} ._@-]/gu, '-')
}

/** Ends the token at the service and forgets it here. @throws CliFailure `notFound` when nobody is signed in */
export async function logoutCommand(session: Session): Promise<number> {
  const { say, shell } = session
  const url = await session.serviceUrl()
  const token = await readCredential(shell.env, url)
  if (token === null) {
    throw failure('notFound', `Signing out: no login to ${url} is kept here: look at --url.`, {
      cause: { en: `No login to ${url} is kept here.`, zh: `此处没有 ${url} 的登录信息。` },
      remedy: { en: 'Give the address with --url as at the login.', zh: '请用 --url 指定登录时的地址。' },
    })
  }
  const isEnded = await end(url, token)
  await keepCredential(shell.env, url, null)
  session.document({ url, ended: isEnded })
  session.print(
    isEnded
      ? say(`Signed out of ${url}: the token has ended.`, `已退出 ${url}，令牌已停用。`)
      : say(`Signed out of ${url}: the token had ended before.`, `已退出 ${url}，令牌此前已失效。`),
  )
  return 0
}

async function end(url: string, token: string): Promise<boolean> {
  const { me, ownTokens } = createClient({ url, token })
  try {
    await ownTokens.remove({ id: (await me.get()).token?.id ?? '' })
    return true
  } catch (error) {
    if (error instanceof ApiProblem && error.problem.code === 'unauthenticated') return false
    throw error
  }
}
