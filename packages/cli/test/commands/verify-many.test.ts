import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createChain } from '../../../../test/harness/certificates.ts'
import { serveTcp, serveTls, type Running } from '../../../pki/test/probe/servers.ts'
import { runProgram } from '../../src/program.ts'
import { displayWidth } from '../../src/output.ts'
import { aShell, type TestShell } from '../builders.ts'

const authority = createChain()
const leaf = authority.issue({ names: ['127.0.0.1'], notAfter: Date.now() + 40 * 86_400_000 })
let folder: string
let good: Running
let plain: Running

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evercert-verify-many-'))
  writeFileSync(join(folder, 'ca.pem'), authority.rootPem)
  good = await serveTls(leaf)
  plain = await serveTcp((socket) => socket.end('=cmd, "hello"\r\n'))
})
afterAll(async () => {
  await Promise.all([good.close(), plain.close()])
  rmSync(folder, { recursive: true })
})

const verify = (hosts: string, ...more: readonly string[]) => verifyIn(aShell({ LANG: 'C' }), hosts, ...more)

async function verifyIn(base: TestShell, hosts: string, ...more: readonly string[]) {
  writeFileSync(join(folder, 'hosts.txt'), hosts)
  const shell = { ...base, now: () => Date.now() }
  const code = await runProgram(['verify', '--from', join(folder, 'hosts.txt'), '--ca', join(folder, 'ca.pem'), ...more], shell)
  return { code, out: shell.out(), err: shell.err() }
}

test('all in order: exit code 0, a table, each host once', async () => {
  const { code, out } = await verify(`# ours\n127.0.0.1:${good.port}\n\nhttps://127.0.0.1:${good.port}/ # again\n`)
  expect(code).toBe(0)
  expect(out).toContain('1 of 1 hosts are in order (1 of 1 addresses)')
  expect(out).toMatch(/served +39/)
})

test('one that is wrong: exit code 1, in CSV and in JSON', async () => {
  const hosts = `127.0.0.1:${good.port}\nsmtp://127.0.0.1:${plain.port}\n127.0.0.1:${plain.port}\n`
  const csv = await verify(hosts, '--csv', '--concurrency', '2')
  expect(csv.code).toBe(1)
  const lines = csv.out.trim().split('\n')
  expect(lines[0]).toBe('host,port,protocol,address,key,verdict,days_left,not_after,sha256,cause')
  expect(lines.find((line) => line.includes(leaf.sha256))).toMatch(
    new RegExp(`^127\\.0\\.0\\.1,${good.port},tls,127\\.0\\.0\\.1,ecdsa,served,39,`),
  )
  expect(lines.filter((line) => line.includes(',notTls,'))).toHaveLength(2)
  expect(lines.some((line) => /(^|,)[=+@-]/.test(line))).toBe(false)
  const json = await verify(hosts, '--json')
  expect(json.code).toBe(1)
  const document = JSON.parse(json.out) as { hosts: number; wrong: number; items: { protocol: string; ok: boolean }[] }
  expect(document).toMatchObject({ hosts: 3, wrong: 2 })
  expect(document.items.map(({ protocol, ok }) => [protocol, ok])).toEqual([
    ['tls', true],
    ['smtp', false],
    ['tls', false],
  ])
})

/** A server that answers nobody before so many are there at the same time, and then has an eye on whether more come. */
async function aCrowd(size: number) {
  const waiting: Socket[] = []
  const crowds: number[] = []
  const server = await serveTcp(
    (socket) => {
      if (waiting.push(socket) !== size) return
      setTimeout(() => {
        crowds.push(waiting.length)
        for (const each of waiting.splice(0)) each.end('no TLS\r\n')
      }, 20)
    },
    { host: '0.0.0.0' },
  )
  onTestFinished(() => server.close())
  return { port: server.port, crowds }
}

test('so many are looked at beside each other, and no more; on a terminal a bar shows how far it is, within its width, and is gone at the end', async () => {
  const { port, crowds } = await aCrowd(4)
  const hosts = Array.from({ length: 12 }, (_, index) => `127.0.0.${index + 1}:${port}\n`).join('')
  const shell = aShell({ LANG: 'zh_CN.UTF-8', TERM: 'xterm', NO_COLOR: '1' }, { isTTY: true, columns: 44 })
  const { code, out, err } = await verifyIn(shell, hosts, '--concurrency', '4')
  expect([code, new Set(crowds)]).toEqual([1, new Set([4])])
  const [last, ...drawn] = err.split('\r\u001B[2K').toReversed()
  expect([last, drawn[0]]).toEqual(['', `${'█'.repeat(12)} 12/12  12 个异常`])
  expect(drawn.every((line) => displayWidth(line) <= 44)).toBe(true)
  expect(out).toContain('不是 TLS 服务')
  expect(out).toContain('12 个主机中 0 个正常')
  const piped = await verify(hosts, '--concurrency', '4')
  expect(piped.err).toBe('')
})

test('a line that is no site is named; so is a file without one', async () => {
  const wrong = await verify('127.0.0.1\na:b:c\n')
  expect(wrong.code).toBe(64)
  expect(wrong.err).toContain('line 2')
  expect((await verify('# nothing\n')).err).toContain('names 0 sites')
  expect((await verify('127.0.0.1', '--concurrency', '0')).err).toContain('--concurrency')
  expect((await verify('127.0.0.1', '--expect', 'ab')).code).toBe(64)
})
