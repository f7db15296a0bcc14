/**
 * A small web server with a certificate in files, run as a process of its own: `site-process.ts <site.json> [--test]`.
 * SIGHUP makes it read the files again; connections that are open keep the certificate they began with.
 *
 * @module
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createHttpsServer, type Server } from 'node:https'
import type { SiteOptions } from './site.ts'

interface Config extends SiteOptions {
  readonly certificatePath: string
  readonly keyPath: string
}

const [configPath = '', mode] = process.argv.slice(2)
const config = JSON.parse(readFileSync(configPath, 'utf8')) as Config

if (mode === '--test') readPair(config)
else runSite(config)

/** @throws Error when the files cannot be read or do not belong together */
function readPair({ certificatePath, keyPath }: Config): { readonly cert: string; readonly key: string } {
  const cert = readFileSync(certificatePath, 'utf8')
  const key = readFileSync(keyPath, 'utf8')
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) throw new Error('The key is not the certificate’s.')
  return { cert, key }
}

function runSite(site: Config): void {
  const waiting = new Set(site.addresses)
  for (const address of site.addresses) {
    createServer((request, response) => answerHttp(site, request, response)).listen(site.httpPort, address, () => {
      waiting.delete(address)
      if (waiting.size === 0) process.stdout.write('listening\n')
    })
  }
  let servers: readonly Server[] | null = null
  const load = () => {
    if (!existsSync(site.certificatePath)) return
    try {
      const pair = readPair(site)
      if (servers === null) servers = site.addresses.map((address) => listenHttps(site, pair, address))
      else for (const server of servers) server.setSecureContext(pair)
    } catch (error) {
      process.stderr.write(`Not reloaded, the old certificate stays: ${String(error)}\n`)
    }
  }
  load()
  process.on('SIGHUP', load)
  process.on('SIGTERM', () => process.exit(0))
  process.on('SIGINT', () => process.exit(0))
  // The other end of this pipe is the demo: when that is gone, however it went, the site has no purpose.
  process.stdin.on('end', () => process.exit(0)).resume()
}

function listenHttps(site: Config, pair: { readonly cert: string; readonly key: string }, address: string): Server {
  const server = createHttpsServer(pair, (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('The shop is open.\n')
  })
  return server.listen(site.httpsPort, address)
}

/** Validation files come from the service; everything else is at HTTPS. */
function answerHttp({ validationUrl, name }: Config, request: IncomingMessage, response: ServerResponse): void {
  const path = request.url ?? '/'
  if (!path.startsWith('/.well-known/')) {
    response.writeHead(301, { location: `https://${name}${path}` }).end()
    return
  }
  const upstream = forward(new URL(path, validationUrl), { headers: { host: request.headers.host ?? name } }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  upstream.on('error', () => response.writeHead(502).end()).end()
}
