/** What `evercert serve` says when it starts, and when it cannot: for people and for programs. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ProblemDocument } from '@evercert/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { freePort } from '../harness/ports.ts'
import type { CommandOutcome } from './support/evercert.ts'

const COMMAND = join(import.meta.dirname, '../../packages/cli/bin/main.mjs')
const PASSWORD = 'canary-of-a-password'

let folder: string
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'evercert-serve-'))))
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Ended by SIGTERM as soon as stdout is as wanted. */
async function serve(
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
  isEnough: (stdout: string) => boolean = () => false,
): Promise<CommandOutcome> {
  const child = spawn(process.execPath, [COMMAND, 'serve', ...args], {
    env: { ...process.env, LANG: 'C', EVERCERT_DATA_DIR: join(folder, 'data'), EVERCERT_PORT: '0', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString()
    if (isEnough(stdout)) child.kill('SIGTERM')
  })
  await once(child, 'close')
  return { code: child.exitCode, stdout, stderr }
}

test('a start that fails is a problem document with --json, and said in both languages without; no password in any', async () => {
  const port = await freePort()
  const environment = { EVERCERT_DATABASE_URL: `postgres://ada:${PASSWORD}@127.0.0.1:${port}/certs` }
  const file = join(folder, 'file')
  await writeFile(file, '')
  const [json, english, chinese, misconfigured, noUrl, noFolder] = await Promise.all([
    serve(environment, ['--json']),
    serve({ ...environment, EVERCERT_DATA_DIR: join(folder, 'en') }, []),
    serve({ ...environment, EVERCERT_DATA_DIR: join(folder, 'zh') }, ['--lang', 'zh']),
    serve({ EVERCERT_PORT: 'abc', EVERCERT_DATA_DIR: join(folder, 'wrong') }, ['--json']),
    serve({ EVERCERT_DATABASE_URL: `postgres//ada:${PASSWORD}@db`, EVERCERT_DATA_DIR: join(folder, 'url') }, []),
    serve({ EVERCERT_DATA_DIR: join(file, 'data') }, ['--lang', 'zh']),
  ])
  expect([json.code, english.code, chinese.code, misconfigured.code]).toEqual([70, 70, 70, 78])
  expect([noUrl, noFolder]).toEqual([
    {
      code: 78,
      stdout: '',
      stderr: expect.stringMatching(/EVERCERT_DATABASE_URL is wrong.* postgres:\/\/\n.*Cause.*\n.*Remedy/) as string,
    },
    {
      code: 78,
      stdout: '',
      stderr: expect.stringMatching(/无法写入数据目录 .*file\/data（ENOTDIR）[^]*处理：.*EVERCERT_DATA_DIR/) as string,
    },
  ])
  expect(JSON.parse(misconfigured.stderr) as ProblemDocument).toMatchObject({
    code: 'misconfigured',
    detail: "The settings are wrong:\n  EVERCERT_PORT is 'abc': give a number from 0 to 65535",
  })
  expect(JSON.parse(json.stderr) as ProblemDocument).toMatchObject({
    code: 'storageUnavailable',
    detail: `Opening database certs: PostgreSQL at 127.0.0.1:${port} does not answer (ECONNREFUSED): start it, or correct EVERCERT_DATABASE_URL.`,
    facts: { reason: 'unreachable', user: 'ada', host: '127.0.0.1', port, database: 'certs' },
  })
  expect(english.stderr).toContain(`Cause: No PostgreSQL answers at 127.0.0.1:${port}.`)
  expect(chinese.stderr).toContain('请启动 PostgreSQL，或修正 EVERCERT_DATABASE_URL。')
  expect(JSON.stringify([json, english, chinese, noUrl])).not.toContain(PASSWORD)
})

test('with --json the start is one document: what was chosen, and where it is', async () => {
  const environment = { EVERCERT_ALLOW_ADDRESSES: '127.0.0.0/8', EVERCERT_PUBLIC_URL: 'https://certs.example' }
  const { code, stdout } = await serve(environment, ['--json'], (text) => text.endsWith('\n}\n'))
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string,
    publicUrl: 'https://certs.example',
    dataDir: join(folder, 'data'),
    database: { kind: 'embedded' },
    allowAddresses: ['127.0.0.0/8'],
  })
})
