/**
 * The web server that answers a CA's file validations in tests.
 *
 * @module
 */
import { createServer } from 'node:http'

export interface ChallengeServer {
  /** How often the CA has asked for any path. */
  requests(): number
  put(path: string, content: string): void
  remove(path: string): void
  stop(): Promise<void>
}

export async function startChallengeServer(port: number, address = '127.0.0.1'): Promise<ChallengeServer> {
  const files = new Map<string, string>()
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    const content = files.get(request.url ?? '')
    response.writeHead(content === undefined ? 404 : 200, { 'content-type': 'text/plain' }).end(content ?? 'not found')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, resolve)
  })
  return {
    requests: () => requests,
    put: (path, content) => void files.set(path, content),
    remove: (path) => void files.delete(path),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
