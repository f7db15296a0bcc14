import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createChain } from '../../../../test/harness/certificates.ts'
import { serveTcp, serveTls, type Running } from '../../../pki/test/probe/servers.ts'
import { runProgram } from '../../src/program.ts'
import { aShell } from '../builders.ts'

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

async function verify(hosts: string, ...more: readonly string[]) {
  writeFileSync(join(folder, 'hosts.txt'), hosts)
  const shell = { ...aShell({ LANG: 'C' }), now: () => Date.now() }
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

test('a line that is no site is named; so is a file without one', async () => {
  const wrong = await verify('127.0.0.1\na:b:c\n')
  expect(wrong.code).toBe(64)
  expect(wrong.err).toContain('line 2')
  expect((await verify('# nothing\n')).err).toContain('names 0 sites')
  expect((await verify('127.0.0.1', '--concurrency', '0')).err).toContain('--concurrency')
  expect((await verify('127.0.0.1', '--expect', 'ab')).code).toBe(64)
})
