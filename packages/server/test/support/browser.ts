/**
 * What a browser adds to requests: cookies, and where they come from.
 *
 * @module
 */
import { parseProblem, type MeView, type ProblemDocument, type SignInPath } from '@evercert/contract'
import type { TestService } from './service.ts'

export interface Answered<Body = unknown> {
  readonly status: number
  readonly body: Body
  readonly problem: ProblemDocument | null
  readonly headers: Headers
}

export interface Browser {
  /** As they would be sent. */
  readonly cookies: Map<string, string>
  send<Body = Record<string, unknown>>(
    method: string,
    path: string,
    options?: { readonly body?: object; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<Answered<Body>>
  signInPath(path: SignInPath, body?: object): Promise<Answered<Record<string, unknown>>>
  signIn(person: { readonly email: string; readonly password: string }): Promise<Answered<Record<string, unknown>>>
  me(): Promise<MeView>
}

export function openBrowser(service: Pick<TestService, 'url' | 'fetch'>): Browser {
  const cookies = new Map<string, string>()
  const browser: Browser = {
    cookies,
    send: async <Body>(
      method: string,
      path: string,
      { body, headers = {} }: { readonly body?: object; readonly headers?: Readonly<Record<string, string>> } = {},
    ) => {
      const response = await service.fetch(path, {
        method,
        headers: {
          ...(cookies.size > 0 && { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
          ...(method !== 'GET' && { 'sec-fetch-site': 'same-origin', origin: service.url }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      for (const line of response.headers.getSetCookie()) keep(cookies, line)
      const answered: unknown = isStream(response) ? await response.body?.cancel() : await response.json().catch(() => null)
      return { status: response.status, body: answered as Body, problem: parseProblem(answered), headers: response.headers }
    },
    signInPath: (path, body = {}) => browser.send('POST', `/api/auth/${path}`, { body }),
    signIn: ({ email, password }) => browser.signInPath('sign-in/email', { email, password }),
    me: async () => (await browser.send<MeView>('GET', '/api/v1/me')).body,
  }
  return browser
}

/** Goes on for minutes: whoever asks here only wants to know whether it begins. */
function isStream({ headers }: Response): boolean {
  return headers.get('content-type')?.startsWith('text/event-stream') ?? false
}

/** What stands behind # in a link. */
export function tokenOf(link: string | null): string {
  return new URL(link ?? '').hash.replace('#token=', '')
}

function keep(cookies: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
  const at = pair.indexOf('=')
  const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
  if (value === '' || attributes.some((attribute) => /^max-age=0$/i.test(attribute))) cookies.delete(name)
  else cookies.set(name, value)
}
