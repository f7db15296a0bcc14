/**
 * What Node cannot read as HTTP never reaches the app. It gets a problem document all the same, which repeats nothing of what was sent.
 *
 * @module
 */
import { STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { RequestError } from '@hono/node-server'
import { toProblemDocument, type ProblemDocument } from '@evercert/contract'

const MALFORMED = {
  cause: {
    en: 'The request is not well-formed HTTP, and nothing of it was read: a control character in a header makes it so, or two lengths.',
    zh: '请求不是格式正确的 HTTP，未作任何处理；请求头含控制字符或长度互相矛盾时即会如此。',
  },
  remedy: {
    en: 'Send each header as one line of visible characters, an Idempotency-Key too, and let an HTTP library write the request.',
    zh: '请将每个请求头（包括 Idempotency-Key）写成一行可见字符，并由 HTTP 库生成请求。',
  },
}

const HEADERS = {
  'content-type': 'application/problem+json',
  'content-language': 'en', // what the client prefers was not read
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
}

/** What Node's parser found, in our words. */
const FOUND: Readonly<Record<string, string>> = {
  HPE_INVALID_HEADER_TOKEN: 'a header has a character that none may have',
  HPE_INVALID_CONTENT_LENGTH: 'its Content-Length is no length',
  HPE_UNEXPECTED_CONTENT_LENGTH: 'it says its length twice',
  HPE_INVALID_TRANSFER_ENCODING: 'it says its length twice',
  HPE_INVALID_CHUNK_SIZE: 'a chunk of its body has no length',
}

/** For a server that does not look for it itself, and so would answer without a word (RFC 9112 §3.2). */
export function refuseWithoutHost(handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>): typeof handle {
  return async (request, response) => {
    if (request.headers.host !== undefined || request.httpVersion !== '1.1') return handle(request, response)
    const detail = 'Reading the request: it has no Host header: send one.'
    end(response, { ...toProblemDocument('invalid', detail), ...MALFORMED })
  }
}

/** Whatever was to follow is not read. */
function end(response: ServerResponse, problem: ProblemDocument): void {
  const body = Buffer.from(JSON.stringify(problem))
  response.writeHead(problem.status, { ...HEADERS, 'content-length': body.length, connection: 'close' }).end(body)
}

/** What is HTTP, but of whose path and Host no URL can be made. Whatever else is thrown is ours: the app answers for itself. */
export function refuseUnreadable(error: unknown): Response {
  if (!(error instanceof RequestError)) return new Response(null, { status: 500 })
  const detail = 'Reading the request: its path and its Host header give no URL: send both as RFC 9112 has them.'
  const problem = { ...toProblemDocument('invalid', detail), ...MALFORMED }
  return new Response(JSON.stringify(problem), { status: problem.status, headers: HEADERS })
}

/** As Node itself answers, but with a body. */
export function answerUnreadable(server: Server | TlsServer): void {
  const underWay = new WeakMap<Socket, Set<ServerResponse>>()
  const remember = ({ socket }: { readonly socket: Socket }, response: ServerResponse): void => {
    const responses = underWay.get(socket) ?? new Set()
    underWay.set(socket, responses.add(response))
    response.once('close', () => responses.delete(response))
  }
  server.on('request', remember)
  // Comes in place of a request (RFC 9110 §10.1.1).
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) => {
    remember(request, response)
    const detail = 'Reading the request: it expects something other than 100-continue: send it without an Expect header.'
    end(response, toProblemDocument('expectationUnsupported', detail))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // In the middle of another answer of the same connection this one would be taken for a part of it.
    const isBegun = [...(underWay.get(socket) ?? [])].some(({ headersSent }) => headersSent)
    if (!socket.writable || isBegun || error.code === 'ECONNRESET') socket.destroy()
    else {
      socket.write(toAnswer(problemOf(error.code ?? '')))
      socket.destroySoon()
    }
  })
}

function problemOf(code: string): ProblemDocument {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return toProblemDocument('headersTooLarge', 'Reading the request: its headers are too large: send less in them.')
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return toProblemDocument('tooLarge', 'Reading the request: the extensions of its chunks are too large: send none.')
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return toProblemDocument('requestTooSlow', 'Reading the request: it did not arrive in time: send it again, as a whole.')
    default: {
      const found = FOUND[code] ?? 'it is no HTTP that can be read'
      return { ...toProblemDocument('invalid', `Reading the request: ${found}: send well-formed HTTP.`), ...MALFORMED }
    }
  }
}

function toAnswer(problem: ProblemDocument): string {
  const body = JSON.stringify(problem)
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    ...Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    `date: ${new Date().toUTCString()}`,
    'connection: close',
    '',
    body,
  ].join('\r\n')
}
