/**
 * The web server in front of the service's validation listener: passes requests on and remembers the answers, so that a proof that was
 * there stays there while the service is away.
 *
 * @module
 */
import { createServer, request as httpRequest } from 'node:http'

export interface RememberingProxy {
  stop(): Promise<void>
}

/** @param upstream the listener, for instance `http://127.0.0.1:8080` */
export async function startRememberingProxy(address: string, port: number, upstream: string): Promise<RememberingProxy> {
  const answers = new Map<string, string>()
  const answer = async (host: string, path: string): Promise<string | null> => {
    const known = answers.get(host + path)
    if (known !== undefined) return known
    const response = await ask(upstream, host, path)
    if (response !== null) answers.set(host + path, response)
    return response
  }
  const server = createServer((request, response) => {
    answer(request.headers.host ?? '', request.url ?? '/').then(
      (body) => response.writeHead(body === null ? 404 : 200, { 'content-type': 'text/plain' }).end(body ?? ''),
      () => response.writeHead(502).end(),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, resolve)
  })
  return {
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** `fetch` would not send a Host header of ours. */
function ask(upstream: string, host: string, path: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(new URL(path, upstream), { headers: { host } }, (response) => {
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => (body += text))
      response.once('end', () => resolve(response.statusCode === 200 ? body : null))
    })
    request.once('error', reject)
    request.end()
  })
}
