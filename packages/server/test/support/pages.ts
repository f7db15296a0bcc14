/**
 * Pages on loopback that a test changes as it goes: lists, responses and issuers of CAs.
 *
 * @module
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface Page {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array
}

export async function startPages() {
  const pages = new Map<string, (body: Buffer) => Page | Promise<Page>>()
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    void buffer(request).then(async (given) => {
      const { status = 200, headers = {}, body = new Uint8Array() } = (await pages.get(path)?.(given)) ?? { status: 404 }
      response.writeHead(status, headers).end(body)
    })
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** By path. */
    pages,
    asked,
    timesAsked: (path: string): number => asked.filter((each) => each === path).length,
    close: () => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections()),
  }
}

export type Pages = Awaited<ReturnType<typeof startPages>>
