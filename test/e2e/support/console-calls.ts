/**
 * What a page of the console asks of the API, held against what its reader may do.
 *
 * @module
 */
import type { Page, Request } from 'playwright-core'
import type { Scope } from '@evercert/contract'
import { CONTRACT_OPERATIONS } from '../../../packages/server/test/support/contract-inputs.ts'

const LIMIT_MS = 5000

const TABLE = CONTRACT_OPERATIONS.map((operation) => ({
  ...operation,
  pattern: new RegExp(`^/api/v1${operation.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
  variables: operation.path.split('{').length,
})).toSorted((one, other) => one.variables - other.variables)

export interface Calls {
  /** Where the page is, to be said with what is asked from now on. */
  at(place: string): void
  /** Which calls were refused or would have been: the place and the operation. */
  lacking(): string[]
  /** Resolves when nothing is on its way and the page has drawn what came. */
  settled(): Promise<void>
}

/** Whatever changes something is not let through: it is held against the permission that its operation declares. */
export async function watchCalls(page: Page, scopes: readonly Scope[]): Promise<Calls> {
  const lacking = new Set<string>()
  const open = new Set<Request>()
  let at = ''
  page.on('request', (request) => {
    if (!isEndless(request)) open.add(request)
  })
  page.on('requestfinished', (request) => open.delete(request))
  page.on('requestfailed', (request) => open.delete(request))
  page.on('response', (response) => {
    if (response.status() === 403) lacking.add(`${at}: ${nameOf(response.request())} was refused`)
  })
  await page.route('**/api/**', async (route) => {
    const operation = operationOf(route.request())
    const scope = operation?.scope ?? null
    if (scope !== null && !scopes.includes(scope)) lacking.add(`${at}: ${operation?.name} needs ${scope}`)
    const isReading = route.request().method() === 'GET' || scope?.endsWith(':read') === true
    await (isReading ? route.continue() : route.abort())
  })
  return {
    at: (place) => {
      at = place
    },
    lacking: () => [...lacking],
    settled: async () => {
      const deadline = performance.now() + LIMIT_MS
      while (((await page.evaluate<number>(LOADING)) > 0 || open.size > 0) && performance.now() < deadline);
    },
  }
}

/** How much says of itself that it is loading, after two frames: what the first began, the second asks for. */
const LOADING = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(
  () => done(document.querySelectorAll('.loading').length), { timeout: 100 }))))`

/** Events come until the page leaves. */
const isEndless = (request: Request): boolean => new URL(request.url()).pathname.endsWith('/events')

function operationOf(request: Request): (typeof TABLE)[number] | undefined {
  const { pathname } = new URL(request.url())
  return TABLE.find(({ method, pattern }) => method === request.method() && pattern.test(pathname))
}

function nameOf(request: Request): string {
  return operationOf(request)?.name ?? `${request.method()} ${new URL(request.url()).pathname}`
}
