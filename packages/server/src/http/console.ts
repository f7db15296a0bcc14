/**
 * The console's built files, read from disk when they are asked for. A build may come and go while the service runs.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Context, Hono } from 'hono'

/** What `app.ts` sets as the policy of a page; other answers keep the strict default. */
export interface ConsoleEnv {
  readonly Variables: { requestId: string; address?: string | null; contentSecurityPolicy?: string }
}

/** Vite puts a hash of its content into each name, so a name never means another file. */
const ASSET_NAME = /^[\w-]+\.(js|css|svg|png|woff2)$/
const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  woff2: 'font/woff2',
}
/** Best first; the build leaves these beside what is worth compressing. */
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const
const IMMUTABLE = 'public, max-age=31536000, immutable'

/** Paths that never show a page: they belong to programs. */
const PROGRAM_PATHS = /^\/(api|agent|ca|callbacks|assets|\.well-known)(\/|$)/

/** In `index.html` where the nonce of the answer goes. */
const NONCE_PLACE = '__CSP_NONCE__'

export function addConsoleFiles(app: Hono<ConsoleEnv>, folder: string): void {
  app.get('/assets/:name', async (context, next) => {
    const answer = await openAsset(join(folder, 'assets'), context.req.param('name'), context.req.header('accept-encoding'))
    return answer ?? next()
  })
}

/** Where a browser wants a page and no other route has one. Null: this is not for the console. */
export async function openConsolePage(context: Context<ConsoleEnv>, folder: string): Promise<Response | null> {
  const { req } = context
  const wanted = req.path === '/' ? /\btext\/html\b|\*\/\*/ : /\btext\/html\b/ // what has no name of ours is a page only for who asks for pages
  const isPage = (req.method === 'GET' || req.method === 'HEAD') && wanted.test(req.header('accept') ?? '')
  if (!isPage || PROGRAM_PATHS.test(req.path)) return null
  const html = await readFile(join(folder, 'index.html'), 'utf8').catch(() => null)
  context.header('cache-control', 'no-cache')
  if (html === null) return context.html(NOT_BUILT, 503)
  const nonce = randomBytes(16).toString('base64')
  context.set('contentSecurityPolicy', policyOf(nonce))
  return context.html(html.replaceAll(NONCE_PLACE, nonce))
}

/**
 * Scripts come from our own files alone. Ant Design writes its style elements at run time, so those carry the nonce; style attributes
 * are set through the DOM, which no policy forbids.
 */
function policyOf(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

async function openAsset(folder: string, name: string, accepted = ''): Promise<Response | null> {
  const type = TYPES[ASSET_NAME.exec(name)?.[1] ?? '']
  if (type === undefined) return null
  const offers = accepted.split(',').map((offer) => offer.trim().split(';')[0])
  const wanted = ENCODINGS.filter(([encoding]) => offers.includes(encoding))
  for (const [encoding, suffix] of [...wanted, [null, ''] as const]) {
    const path = join(folder, name + suffix)
    const found = await stat(path).catch(() => null)
    if (found === null || !found.isFile()) continue
    return new Response(Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>, {
      headers: {
        'content-type': type,
        'content-length': String(found.size),
        'cache-control': IMMUTABLE,
        vary: 'accept-encoding',
        ...(encoding !== null && { 'content-encoding': encoding }),
      },
    })
  }
  return null
}

const NOT_BUILT = `<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Evercert</title>
<h1>控制台尚未构建</h1>
<p>服务运行正常，API 在 <a href="/api/v1/docs">/api/v1</a>。缺少的只是控制台文件：请在 Evercert 的文件夹中运行 <code>npm run build</code>，然后刷新本页。</p>
<h1 lang="en">The console is not built</h1>
<p lang="en">The service runs, its API is at <a href="/api/v1/docs">/api/v1</a>. Only the files of the console are missing: run <code>npm run build</code> in Evercert's folder, then reload this page.</p>
</html>
`
