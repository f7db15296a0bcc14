import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { problemDocument, toProblemDocument } from '@evercert/contract'
import { runProgram } from '../../src/program.ts'
import { aCertificate, aShell } from '../builders.ts'

const CSV = { 'content-type': 'text/csv; charset=utf-8' }
const ROWS = '\uFEFFid,name\r\ncrt_1,商店\r\n'

async function aService(answer: (response: ServerResponse) => unknown) {
  const asked: unknown[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (data: Buffer) => (body += data.toString()))
    request.on('end', () => {
      asked.push(`${request.method} ${request.url}`, body === '' ? null : (JSON.parse(body) as unknown))
      if (request.method === 'GET')
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(aCertificate()))
      else answer(response)
    })
  })
  onTestFinished(() => void server.close())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-export-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function run(url: string, ...args: readonly string[]) {
  const shell = aShell({ EVERCERT_TOKEN: 't' })
  const code = await runProgram([...args, '--url', url], shell)
  return { code, out: shell.out(), err: shell.err() }
}

it('sends the filters as the service takes them, and writes the file for its owner alone', async () => {
  const service = await aService((response) => response.writeHead(200, CSV).end(ROWS))
  const out = join(aFolder(), 'all.csv')
  const filters = [
    '--status',
    'expired',
    '--tags',
    'a,b',
    '--expires-from',
    '2026-12-05',
    '--sort',
    '-expiry',
    '--domain',
    '商店.cn',
  ]
  expect((await run(service.url, 'export', '--format', 'csv', '--out', out, ...filters)).code).toBe(0)
  const request = { status: 'expired', tags: 'a,b', expiresFrom: '2026-12-05T00:00:00.000Z', sort: '-expiry', domain: '商店.cn' }
  expect(service.asked).toEqual(['POST /api/v1/certificates/export', { ...request, format: 'csv' }])
  expect(readFileSync(out, 'utf8')).toBe(ROWS)
  expect(statSync(out).mode & 0o777).toBe(0o600)
})

it('names certificates by their ids, each once, and refuses none and too many before anything is sent', async () => {
  const service = await aService((response) => response.writeHead(200, CSV).end(ROWS))
  const args = ['export', '--format', 'csv', '--sort', 'name', '--ids']
  expect((await run(service.url, ...args, 'crt_b, crt_a,crt_b,')).code).toBe(0)
  const request = { sort: 'name', ids: ['crt_b', 'crt_a'], format: 'csv' }
  expect(service.asked.splice(0)).toEqual(['POST /api/v1/certificates/export', request])
  for (const ids of [' , ', Array.from({ length: 1001 }, (_, index) => `crt_${index}`).join()]) {
    const { code, err } = await run(service.url, '--json', ...args, ids)
    expect([code, problemDocument.parse(JSON.parse(err)).code]).toEqual([64, 'invalid'])
  }
  expect(service.asked).toEqual([])
})

it('writes to stdout, bytes as they came', async () => {
  const service = await aService((response) => response.writeHead(200, CSV).end(ROWS))
  expect(await run(service.url, 'export', '--format', 'csv')).toEqual({ code: 0, out: ROWS, err: '' })
})

it('leaves no file when the answer breaks off', async () => {
  const service = await aService((response) => {
    response.writeHead(200, CSV).write(ROWS)
    setTimeout(() => response.destroy(), 50)
  })
  const folder = aFolder()
  expect((await run(service.url, 'export', '--format', 'csv', '--out', join(folder, 'a.csv'))).code).toBe(1)
  expect(readdirSync(folder)).toEqual([])
})

it('leaves what is there, unless it is forced', async () => {
  const service = await aService((response) => response.writeHead(200, CSV).end(ROWS))
  const out = join(aFolder(), 'a.csv')
  writeFileSync(out, 'mine')
  expect((await run(service.url, 'export', '--format', 'csv', '--out', out)).code).toBe(1)
  expect([readFileSync(out, 'utf8'), service.asked]).toEqual(['mine', []])
  expect((await run(service.url, 'export', '--format', 'csv', '--out', out, '--force')).code).toBe(0)
  expect(readFileSync(out, 'utf8')).toBe(ROWS)
})

it('to stdout: reads no further while what reads it is slow', async () => {
  const service = await aService((response) => response.writeHead(200, CSV).end(ROWS))
  const shell = aShell({ EVERCERT_TOKEN: 't' })
  const events: string[] = []
  const stdout = {
    write: (text: string) => (events.push(text), false),
    once: (event: string, listener: () => void) => (events.push(event), setImmediate(() => (events.push('taken'), listener()))),
  }
  const code = await runProgram(['export', '--format', 'csv', '--url', service.url], { ...shell, stdout })
  expect([code, events]).toEqual([0, [ROWS, 'drain', 'taken']])
})

it('shows why the service refused', async () => {
  const problem = toProblemDocument('forbidden', 'Exporting: no.')
  const service = await aService((response) =>
    response.writeHead(403, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem)),
  )
  const { code, err } = await run(service.url, 'export', '--format', 'json', '--json')
  expect([code, problemDocument.parse(JSON.parse(err)).code]).toEqual([1, 'forbidden'])
})

it.each([[['--sort', 'size']], [['--origin', 'stolen']], [['--expires-to', 'tomorrow']], [['--expires-from', '2026-13-45']]])(
  '%j is refused before anything is sent',
  async (args) => {
    const service = await aService(() => undefined)
    for (const command of [['list'], ['export', '--format', 'csv']]) {
      const { code, err } = await run(service.url, ...command, '--json', ...args)
      expect([code, problemDocument.parse(JSON.parse(err)).code]).toEqual([64, 'invalid'])
    }
    expect(service.asked).toEqual([])
  },
)

it('tags several certificates in one call, and wants to be told how', async () => {
  const service = await aService((response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ changed: 1 })),
  )
  const { code, out } = await run(service.url, 'tag', 'crt_old', '--add', 'prod, web', '--remove', 'old')
  expect([code, out]).toEqual([0, '✔ 1 of 1 changed\n'])
  const change = { ids: ['crt_old'], add: ['prod', 'web'], remove: ['old'] }
  expect(service.asked.slice(-2)).toEqual(['POST /api/v1/certificates/tags', change])
  expect((await run(service.url, 'tag', 'crt_old')).code).toBe(64)
})
