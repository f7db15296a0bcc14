/** The demo as a user runs it: what it says at the end is true, and nothing is left behind. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, type TestContext } from 'vitest'
import { longRun } from './support/long.ts'

const root = join(import.meta.dirname, '..', '..')
const DAY_MS = 86_400_000

interface Run {
  /** Its folder for temporary files. */
  readonly folder: string
  readonly child: ChildProcess
  readonly stdout: () => string
  readonly stderr: () => string
  readonly exited: Promise<number | null>
}

async function startDemo({ onTestFinished }: Pick<TestContext, 'onTestFinished'>, ...args: string[]): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), 'evercert-demo-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const env = { ...process.env, TMPDIR: folder, LANG: 'C.UTF-8', LC_ALL: '' }
  const child = spawn(process.execPath, [join(root, 'demo', 'main.ts'), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let err = ''
  child.stdout.on('data', (data: Buffer) => (out += data.toString()))
  child.stderr.on('data', (data: Buffer) => (err += data.toString()))
  const exited = once(child, 'close').then(() => child.exitCode)
  return { folder, child, stdout: () => out, stderr: () => err, exited }
}

/** Processes whose command line or working folder is in the demo's folder. */
async function processesOf(path: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  return commands.filter((command) => command.includes(path)).map((command) => command.replaceAll('\0', ' '))
}

async function expectNothingLeft({ folder }: Run): Promise<void> {
  expect(await readdir(folder)).toEqual([])
  expect(await processesOf(folder)).toEqual([])
}

interface Document {
  readonly result: string
  readonly old: { readonly sha256: string; readonly notAfter: string }
  readonly new: { readonly sha256: string; readonly notAfter: string }
  readonly toppedUpDays: number
  readonly entitledUntil: string
  readonly endpoints: readonly { readonly address: string; readonly sha256: string; readonly verdict: string }[]
  readonly steps: readonly { readonly name: string; readonly ms: number }[]
}

function addYear(instant: string): string {
  const date = new Date(instant)
  if (date.getUTCMonth() === 1 && date.getUTCDate() === 29) date.setUTCDate(28)
  date.setUTCFullYear(date.getUTCFullYear() + 1)
  return date.toISOString()
}

// Beside each other: each has a folder, ports and processes of its own, and waits for much.
describe.concurrent.each(longRun(['nginx', 'builtin'], (site) => site === 'nginx'))('the demo with %s', (site) => {
  it('ends with a served certificate and the object that is promised', async (context) => {
    const startedAt = Date.now()
    const demo = await startDemo(context, '--exit', '--json', '--site', site)
    const code = await demo.exited
    if (code !== 0) throw new Error(`The demo ended with ${code}:\n${demo.stderr()}`)
    const lines = demo.stdout().trimEnd().split('\n')
    expect(lines).toHaveLength(1)
    const document = JSON.parse(lines[0] ?? '') as Document
    expect(Object.keys(document)).toEqual(['result', 'old', 'new', 'toppedUpDays', 'entitledUntil', 'endpoints', 'steps'])
    expect(document.result).toBe('served')
    expect(document.new.sha256).not.toBe(document.old.sha256)
    expect(Math.floor((Date.parse(document.old.notAfter) - startedAt) / DAY_MS)).toBe(12)
    expect(document.toppedUpDays).toBe(12)
    expect(document.entitledUntil).toBe(addYear(document.old.notAfter))
    expect(document.endpoints.length).toBeGreaterThan(0)
    for (const endpoint of document.endpoints) expect(endpoint).toMatchObject({ verdict: 'served', sha256: document.new.sha256 })
    expect(document.steps.map(({ name }) => name)).toEqual([
      'site',
      'startEarlier',
      'buyOld',
      'issueOld',
      'installOld',
      'start',
      'list',
      'quote',
      'order',
      'payment',
      'linked',
      'application',
      'issuance',
      'installation',
      'proof',
      'independentProof',
    ])
    expect(demo.stderr()).toMatch(/notBefore=\w{3} [ \d]\d \d\d:\d\d:\d\d \d{4} GMT\nnotAfter=/)
    await expectNothingLeft(demo)
  })
})

describe.concurrent('the demo without --exit', () => {
  it('keeps the service running at the printed URL until it is interrupted', async (context) => {
    const demo = await startDemo(context, '--site', 'builtin')
    const url = await waitForText(demo, /runs at (http:\/\/127\.0\.0\.1:\d+)/)
    const tokenFile = await waitForText(demo, /token: (\S+)/)
    const token = (await readFile(tokenFile, 'utf8')).trim()
    const answer = await fetch(`${url}/api/v1/certificates`, { headers: { authorization: `Bearer ${token}` } })
    expect(answer.status).toBe(200)
    expect(demo.stdout()).toContain('Served: every address has the new certificate')
    demo.child.kill('SIGINT')
    demo.child.kill('SIGINT') // npm passes it on, so it comes twice
    expect(await demo.exited).toBe(0)
    await expectNothingLeft(demo)
  })

  it.for(longRun([/process \d+/, /Then: validated/], ({ source }) => source.startsWith('Then')))(
    'cleans up when it is interrupted in the middle (%s)',
    async (moment, context) => {
      const demo = await startDemo(context, '--site', 'builtin')
      await waitForText(demo, moment)
      demo.child.kill('SIGINT')
      expect(await demo.exited).toBe(130)
      await expectNothingLeft(demo)
    },
  )
})

async function waitForText(demo: Run, pattern: RegExp): Promise<string> {
  for (;;) {
    const match = pattern.exec(demo.stdout())
    if (match !== null) return match[1] ?? match[0]
    if (demo.child.exitCode !== null) throw new Error(`The demo ended before it said ${String(pattern)}: ${demo.stdout()}`)
    await sleep(50)
  }
}

it('refuses options that it does not know', async (context) => {
  const demo = await startDemo(context, '--bogus')
  expect(await demo.exited).toBe(64)
})
