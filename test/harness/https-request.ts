/**
 * One request over HTTP or HTTPS with a CA of the test's own. Kept-alive connections are shared; close the agent with {@link Requester.close}.
 *
 * @module
 */
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'

interface PlainRequest {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | null
}

interface PlainResponse {
  readonly status: number
  /** Lower-case names; repeated ones joined with a comma. */
  readonly headers: Record<string, string>
  readonly body: Uint8Array
  /** The body as text. */
  text(): string
}

export interface Requester {
  (url: string, request?: PlainRequest): Promise<PlainResponse>
  close(): void
}

/** @param caPem roots to trust instead of the system's; null for plain HTTP or the system's */
export function createRequester(caPem: string | null): Requester {
  const secure = new HttpsAgent({ keepAlive: true, ...(caPem !== null && { ca: caPem }) })
  const plain = new HttpAgent({ keepAlive: true })
  const send = (url: string, { method = 'GET', headers = {}, body = null }: PlainRequest = {}): Promise<PlainResponse> =>
    new Promise((resolve, reject) => {
      const isSecure = url.startsWith('https:')
      const options = { method, headers, agent: isSecure ? secure : plain }
      const request = (isSecure ? httpsRequest : httpRequest)(
        url,
        options,
        (response) => void readAll(response).then(resolve, reject),
      )
      request.on('error', reject)
      request.end(body ?? undefined)
    })
  return Object.assign(send, {
    close: () => {
      secure.destroy()
      plain.destroy()
    },
  })
}

async function readAll(response: IncomingMessage): Promise<PlainResponse> {
  const chunks: Uint8Array[] = []
  for await (const chunk of response as AsyncIterable<Uint8Array>) chunks.push(chunk)
  const body = new Uint8Array(Buffer.concat(chunks))
  const headers = Object.entries(response.headers).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ])
  return {
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(headers) as Record<string, string>,
    body,
    text: () => Buffer.from(body).toString('utf8'),
  }
}
