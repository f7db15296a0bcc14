import { spawnSync } from 'node:child_process'
import { open } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { problemDocument } from '@evercert/contract'
import { afterEach, describe, expect, it } from 'vitest'
import { runProgram } from '../src/program.ts'
import { aShell } from './builders.ts'

const servers: Server[] = []
afterEach(() => servers.splice(0).forEach((server) => server.close()))

/** Answers everything in the same way. */
async function aServer(status: number, contentType: string, body: string): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status, { 'content-type': contentType }).end(body))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('wrong usage', () => {
  it.each([[['bogus']], [['list', '--bogus']], [['renew']], [['upload', '--name', 'x']], [['list', '--lang', 'fr']]])(
    '%j ends with 64, which is none of the codes of renew',
    async (argv) => {
      const shell = aShell()
      expect(await runProgram(argv, shell)).toBe(64)
      expect(shell.err()).toMatch(/Cause: .*\n {2}Remedy: /)
      expect(shell.out()).toBe('')
    },
  )

  it('prints the help when there is no command', async () => {
    const shell = aShell()
    expect(await runProgram([], shell)).toBe(64)
    expect(shell.err()).toContain('renew [options] <certificate>')
  })

  it.each(['import', 'receipt'])('prints the commands of %s when none of them is named', async (group) => {
    const shell = aShell()
    expect(await runProgram([group, '--lang', 'zh'], shell)).toBe(64)
    expect(shell.err()).toMatch(new RegExp(`^用法： evercert ${group} .*命令：`, 's'))
    const asked = aShell()
    expect(await runProgram([group, '--json'], asked)).toBe(64)
    expect(problemDocument.parse(JSON.parse(asked.err())).detail).toContain('has to be named')
  })

  it.each(['contacts', 'companies', 'csrs', 'reviews', 'tokens', 'products', 'targets', 'channels', 'issuers', 'endpoints'])(
    'lists %s when no command of them is named',
    async (noun) => {
      const url = await aServer(200, 'application/json', '{"items":[],"nextCursor":null}')
      const shell = aShell({ EVERCERT_TOKEN: 't' })
      expect(await runProgram([noun, '--json', '--url', url], shell)).toBe(0)
      expect(JSON.parse(shell.out())).toEqual({ items: [], nextCursor: null })
    },
  )

  it.each([
    [['qqqqqq'], '没有命令 qqqqqq。'],
    [['lis'], '没有命令 lis（是否指 list？）。'],
    [['renew'], '缺少参数 certificate。'],
    [['list', '--bogus'], '没有选项 --bogus。'],
    [['upload', '--name'], '选项 --name <name> 缺少值。'],
    [['contacts', 'add'], '缺少选项 --name <name>。'],
    [['show', 'a', 'b'], '参数过多：应为 1 个，实际 2 个。'],
    [['list', '--$1'], '没有选项 --$1。'],
    [['reviews', 'list', '--state', 'x'], '选项 --state <state> 的值 “x” 无效，可选：waiting, '],
    [['receipt', 'bogus'], '没有命令 bogus。'],
    [['renew', 'x', '--term', '4'], '--term：“4” 无效'],
    [['order', 'x', '--domains', 'many'], '--domains：“many” 不是域名数'],
    [['balance', '--top-up', 'much'], '读取金额：“much” 无效：请填写收到的金额'],
  ])('%j is told in Chinese alone', async (argv, expected) => {
    const shell = aShell({ EVERCERT_TOKEN: 't' })
    expect(await runProgram([...argv, '--lang', 'zh'], shell)).toBe(64)
    expect(shell.err()).toContain(expected)
    expect(shell.err()).not.toMatch(/Reading|error:|unknown|missing|choices/)
    const asked = aShell({ EVERCERT_TOKEN: 't' })
    await runProgram([...argv, '--lang', 'zh', '--json'], asked)
    const problem = problemDocument.parse(JSON.parse(asked.err()))
    expect([problem.detail, problem.facts]).toEqual([expect.stringMatching(/^Reading .*[^。]$/s), {}]) // for programs as ever
  })

  it('names the choices of an option in Chinese', async () => {
    const shell = aShell()
    await runProgram(['reviews', 'list', '--help', '--lang', 'zh'], shell)
    expect(shell.out()).toMatch(/（可选：waiting、/)
    expect(shell.out()).not.toContain('choices:')
  })

  it('prints the help that is asked for on stdout', async () => {
    const shell = aShell()
    expect(await runProgram(['renew', '--help', '--lang', 'zh'], shell)).toBe(0)
    expect(shell.out()).toContain('不询问，直接购买')
  })
})

describe('failures', () => {
  it('are problem documents with --json', async () => {
    const shell = aShell()
    expect(await runProgram(['list', '--json'], shell)).toBe(1)
    expect(problemDocument.parse(JSON.parse(shell.err())).code).toBe('unauthenticated')
    expect(shell.out()).toBe('')
  })

  it('are shown in Chinese with cause and remedy', async () => {
    const shell = aShell({ LANG: 'zh_CN.UTF-8' })
    expect(await runProgram(['list'], shell)).toBe(1)
    expect(shell.err()).toContain('未提供 API 令牌')
    expect(shell.err()).toContain('处理：')
  })

  it('say so when the service is away', async () => {
    const shell = aShell({ EVERCERT_TOKEN: 't' })
    expect(await runProgram(['list', '--url', 'http://127.0.0.1:9'], shell)).toBe(1)
    expect(shell.err()).toContain('evercert serve')
  })

  it('say so when something else answers', async () => {
    const url = await aServer(200, 'text/html', '<h1>It works</h1>')
    const shell = aShell({ EVERCERT_TOKEN: 't' })
    expect(await runProgram(['list', '--url', url], shell)).toBe(1)
    expect(shell.err()).not.toContain('internal')
  })

  it('show what the service said, without its control characters', async () => {
    const problem = {
      type: 'urn:evercert:problem:forbidden',
      title: 'The token does not allow this',
      status: 403,
      code: 'forbidden',
      detail: 'No \u001B[2Jentry.',
      cause: { en: 'A cause.', zh: '原因。' },
      remedy: { en: 'A remedy.', zh: '处理。' },
      facts: {},
      requestId: 'req_1',
    }
    const url = await aServer(403, 'application/problem+json', JSON.stringify(problem))
    const shell = aShell({ EVERCERT_TOKEN: 't' })
    expect(await runProgram(['orders', '--url', url], shell)).toBe(1)
    expect(shell.err()).toContain('No entry.')
    expect(shell.err()).toContain('Remedy: A remedy.')
    expect(shell.err()).toContain('req_1')
  })

  it.each([
    [[], /^✖ The output cannot be written[^]*ENOSPC[^]*Remedy: .*space/],
    [['--lang', 'zh'], /^✖ 无法写入输出[^]*处理：.*空间/],
    [['--json'], /^\{.*"code":"invalid".*\}\n$/],
  ])('say so when the output cannot be written: %j', async (more, expected) => {
    const full = await open('/dev/full', 'w')
    const command = [join(import.meta.dirname, '../bin/main.mjs'), '--help', ...more]
    const { status, stderr } = spawnSync(process.execPath, command, {
      env: { ...process.env, LANG: 'C' },
      stdio: ['ignore', full.fd, 'pipe'],
      encoding: 'utf8',
    })
    await full.close()
    expect([status, stderr]).toEqual([74, expect.stringMatching(expected)])
  })

  it('never show the token', async () => {
    const shell = aShell({ EVERCERT_TOKEN: 'top-secret-token' })
    await runProgram(['balance', '--url', 'http://127.0.0.1:9'], shell)
    await runProgram(['balance', '--json', '--url', 'http://127.0.0.1:9'], shell)
    expect(shell.out() + shell.err()).not.toContain('top-secret-token')
  })
})

describe('the token', () => {
  it.each<[string, string[], NodeJS.ProcessEnv, number]>([
    ['in a file that is named and not there', ['--token-file', '/nowhere/token'], {}, 64],
    ['in a file that the environment names', [], { EVERCERT_TOKEN_FILE: '/nowhere/token' }, 64],
    ['in a file that holds none', ['--token-file', '/dev/null'], {}, 64],
    ['nowhere', [], {}, 1],
  ])('%s ends the command: %#', async (_where, options, env, exitCode) => {
    const shell = aShell(env)
    expect(await runProgram(['list', '--json', ...options], shell)).toBe(exitCode)
    const { code, cause } = problemDocument.parse(JSON.parse(shell.err()))
    expect(code).toBe('unauthenticated')
    expect(cause.en.includes('No API token was given')).toBe(exitCode === 1)
  })
})

describe('options', () => {
  it.each([
    [['renew', 'x', '--term', '4']],
    [['renew', 'x', '--timeout', 'soon']],
    [['list', '--status', 'old']],
    [['channels', 'add', '--name', 'x', '--kind', 'slack', '--config', '{"webhookUrl": top-secret}']],
    [['channels', 'add', '--name', 'x', '--kind', 'slack', '--config', '@/nowhere/config.json']],
    [['channels', 'add', '--name', 'x', '--kind', 'slack', '--config', '{}', '--role', 'boss']],
    [['issuers', 'add', 'x', '--title', 'x', '--kind', 'acme', '--set', 'top-secret']],
    [['issuers', 'add', 'x', '--title', 'x', '--kind', 'acme', '--set-file', 'eab.hmacKey=/nowhere/key']],
    [['dns-connections', 'add', '--name', 'x', '--kind', 'y', '--set-file', 'secret=-', '--config', '-']],
    [['endpoints', 'add', 'x:0', '--certificate', 'y']],
    [['notices', 'settings', '--leads', '91']],
    [['notices', 'settings', '--add-recipient', 'nobody']],
    [['revoke', 'x', '--reason', 'boredom']],
    [['revoke', 'x', '--confirm', '--decline']],
    [['receipt', 'verify', import.meta.filename]],
    [['receipt', 'verify', '/nowhere/receipt.jws']],
    [['import', 'certbot', '--root', '/nowhere']],
    [['import', 'lego', '--path', '/nowhere']],
  ])('%j is refused before anything is sent', async (argv) => {
    const url = await aServer(500, 'text/plain', '')
    const shell = aShell({ EVERCERT_TOKEN: 't' })
    expect(await runProgram([...argv, '--json', '--url', url], shell)).toBe(64)
    expect(problemDocument.parse(JSON.parse(shell.err())).code).toBe('invalid')
    expect(shell.err()).not.toContain('top-secret')
    if (argv.includes(import.meta.filename)) expect(shell.err()).toContain('no signed receipt')
  })
})
