/** Where a problem document about what is no HTTP must not come: into the middle of another answer, and from who answers nothing but files. */
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { listen } from '../../src/http/listener.ts'
import { answerUnreadable } from '../../src/http/unreadable-requests.ts'

const NO_HTTP = 'GET / HTTP/1.1\r\nhost: a\r\nx\x01: y\r\n\r\n'

/** All that comes back. @param next what is sent when the first bytes of an answer are there */
function talk(port: number, first: string, next = ''): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(first))
    socket.on('data', (chunk: Buffer) => {
      if (answer === '' && next !== '') socket.write(next)
      answer += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(answer))
  })
}

async function open(isBegun: boolean): Promise<number> {
  const server = createServer((_request, response) => {
    if (isBegun) response.writeHead(200, { 'content-length': 1000 }).write('half')
  })
  answerUnreadable(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const EXPECTING = (what: string) => `GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\nexpect: ${what}\r\n\r\n`

const REQUEST = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n'

test('what is no HTTP, behind a request whose answer has begun, ends the connection and adds nothing to that answer', async () => {
  const answer = await talk(await open(true), REQUEST, NO_HTTP)
  expect(answer.split('\r\n\r\n')[1]).toBe('half')
})

test('behind a request whose answer has not begun it is answered', async () => {
  const answer = await talk(await open(false), REQUEST + NO_HTTP)
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*"code":"invalid"/)
})

test('the listener of validation files does not tell whose service it is', async () => {
  const fetch = (): Response => new Response('x')
  const listener = await listen({ fetch, host: '127.0.0.1', port: 0, tellsProblems: false })
  onTestFinished(() => listener.close())
  for (const request of [NO_HTTP, 'GET /a\\b HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', EXPECTING('tea')]) {
    const answer = await talk(listener.port, request)
    expect(answer).toMatch(/^HTTP\/1\.1 4(00|17)/)
    expect(answer).not.toMatch(/evercert|problem/i)
  }
})

test('what a request expects, and nobody does, is said; what every server does is done', async () => {
  const fetch = (): Response => new Response('x')
  const listener = await listen({ fetch, host: '127.0.0.1', port: 0 })
  onTestFinished(() => listener.close())
  const [head = '', body = ''] = (await talk(listener.port, EXPECTING('tea, 200 pots'))).split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 417 Expectation Failed\r\n[^]*content-type: application\/problem\+json/i)
  expect(JSON.parse(body)).toMatchObject({
    code: 'expectationUnsupported',
    status: 417,
    remedy: { zh: expect.any(String) as string },
  })
  expect(body).not.toContain('tea')
  expect(await talk(listener.port, EXPECTING('100-continue'))).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/)
})
