/** What the audit makes of npm's answers; and npm itself asking a registry that knows of something, of nothing, or does not answer. */
import { spawn } from 'node:child_process'
import { createServer, type RequestListener } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readAdvisories, readSignatures } from '../../scripts/audit.ts'

const ROOT = join(import.meta.dirname, '../..')
const REACT = { title: 'React runs what it is given', url: 'https://github.com/advisories/GHSA-rrrr-0000-0001' }

/** As npm 11 writes it (auditReportVersion 2): each package with its own advisories, or the names of those that concern it. */
const report = (vulnerabilities: object) => ({ auditReportVersion: 2, vulnerabilities, metadata: {} })
const advisory = (change: object = {}) => ({
  source: 1_099_999,
  name: 'hono',
  dependency: 'hono',
  title: 'hono lets in whom it should not',
  url: 'https://github.com/advisories/GHSA-aaaa-bbbb-cccc',
  severity: 'high',
  cwe: ['CWE-20'],
  cvss: { score: 7.5, vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N' },
  range: '<4.2.0',
  ...change,
})
const hono = (change: object = {}) => ({
  name: 'hono',
  severity: 'high',
  isDirect: true,
  via: [advisory()],
  effects: ['@hono/node-server'],
  range: '<4.2.0',
  nodes: ['node_modules/hono'],
  fixAvailable: false,
  ...change,
})
const server = { ...hono(), name: '@hono/node-server', via: ['hono'], range: '', fixAvailable: false }

describe('of what npm says', () => {
  test('each package with an advisory is one line with its reason, what is concerned through it, and what to do', () => {
    expect(readAdvisories(report({ hono: hono(), '@hono/node-server': server }))).toEqual([
      expect.stringMatching(
        /^hono <4\.2\.0 \(high\) hono lets in .*GHSA-aaaa-bbbb-cccc\. Through it: @hono\/node-server\. Remedy: no fixed version is known\./,
      ),
    ])
    const isReleased = (name: string) => name !== 'hono'
    expect(readAdvisories(report({ hono: hono(), '@hono/node-server': server }), { isReleased })).toEqual([])
    const fixed = (fixAvailable: unknown) => readAdvisories(report({ hono: hono({ fixAvailable }) }))?.[0]
    expect(fixed(true)).toContain('npm audit fix')
    expect(fixed({ name: 'hono', version: '4.2.0', isSemVerMajor: false })).toMatch(
      /npm install --save-exact hono@4\.2\.0"[^,]*\.$/,
    )
    expect(fixed({ name: 'hono', version: '5.0.0', isSemVerMajor: true })).toContain('major version')
  })

  test('nothing found, and no answer, are told apart', () => {
    expect(readAdvisories(report({}))).toEqual([])
    for (const answer of [
      { message: 'request to http://127.0.0.1:9/ failed, reason: connect ECONNREFUSED', error: { summary: '', detail: '' } },
      { message: '405 Method Not Allowed', method: 'POST', statusCode: 405, error: { summary: '', detail: '' } },
      { error: { code: 'ENOLOCK', summary: 'This command requires an existing lockfile.', detail: '' } },
      {},
    ])
      expect(readAdvisories(answer)).toBeNull()
    expect(readSignatures({ invalid: [], missing: [{ name: 'a', version: '1.0.0' }] })).toEqual(['a@1.0.0 (no signature)'])
    expect(readSignatures({ error: {} })).toBeNull()
  })

  test('what was accepted is no line until its day, with what it concerns, and covers no other advisory', () => {
    const accepted = [{ advisory: 'GHSA-aaaa-bbbb-cccc', reason: 'not used', until: '2026-12-01' }]
    const found = (today: string, via: readonly unknown[] = [advisory()]) =>
      readAdvisories(report({ hono: hono({ via }), '@hono/node-server': server }), { accepted, today: new Date(today) })
    expect(found('2026-11-30T23:59:59Z')).toEqual([])
    expect(found('2026-12-01T00:00:00Z')).toHaveLength(1)
    const [line = ''] = found('2026-11-30T00:00:00Z', [advisory(), advisory({ url: REACT.url, title: REACT.title })]) ?? []
    expect(line).toContain(REACT.url)
    expect(line).not.toContain('GHSA-aaaa')
  })
})

describe('npm and a registry', () => {
  const closing: (() => void)[] = []
  afterAll(() => closing.forEach((close) => close()))

  async function aRegistry(listener: RequestListener): Promise<string> {
    const server = createServer(listener).listen(0, '127.0.0.1')
    closing.push(() => (server.closeAllConnections(), server.close()))
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }

  /** As `npm test` runs it. */
  async function audit(registry: string): Promise<{ code: number; said: string; seconds: number }> {
    const began = performance.now()
    const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}`, npm_config_registry: registry }
    const child = spawn(process.execPath, ['scripts/audit.ts', '--quick'], {
      cwd: ROOT,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (chunk) => (said += String(chunk)))
    const [code] = (await once(child, 'close')) as [number]
    return { code, said, seconds: (performance.now() - began) / 1000 }
  }

  const knowing = (advisories: object): RequestListener => {
    return (request, response) => {
      request.resume()
      response.statusCode = request.url?.endsWith('/advisories/bulk') === true ? 200 : 404
      response.setHeader('content-type', 'application/json').end(JSON.stringify(response.statusCode === 200 ? advisories : {}))
    }
  }
  const about = { ...REACT, id: 1_099_998, severity: 'critical', vulnerable_versions: '<99.0.0', cwe: [], cvss: { score: 9.8 } }

  test('an advisory for what a release contains fails, one for a tool of development alone does not', async () => {
    const both = await audit(await aRegistry(knowing({ kysely: [about], vitest: [about] })))
    expect(both).toMatchObject({ code: 1, said: expect.stringMatching(/^ {2}kysely .*Remedy: .*\n1 found: [^\n]+\n$/) as string })
    expect(both.said).toContain(REACT.url)
    expect(both.said).not.toContain('vitest')
    const fine = await audit(await aRegistry(knowing({ vitest: [about] })))
    expect(fine).toMatchObject({ code: 0, said: 'Checked, nothing found: advisories for what a release contains.\n' })
  })

  test('a registry that refuses, is not there, or never answers is said in one line, within seconds, and passes', async () => {
    const refusing = await aRegistry((_request, response) => void response.writeHead(405).end())
    const silent = await aRegistry(() => {})
    const answers = await Promise.all([refusing, 'http://127.0.0.1:9/', silent].map(audit))
    for (const { code, said, seconds } of answers) {
      expect({ code, said }).toEqual({ code: 0, said: expect.stringMatching(/^NOT CHECKED: advisories [^\n]+\n$/) as string })
      expect(seconds).toBeLessThan(12)
    }
  })
})
