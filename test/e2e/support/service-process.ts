/**
 * `test/harness/crash-service.ts` as seen by a test: started, armed, asked and ended.
 *
 * @module
 */
import { fork, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient, type Client } from '@evercert/contract/client'
import type { Command, KillPoint, Report } from '../../harness/crash-service.ts'
import { embeddedTemplate } from '../../harness/database-templates.ts'
import { copyFolder } from '../../harness/folders.ts'
import type { Audit } from './audit.ts'

export interface ServiceProcess {
  readonly url: string
  /** As it was printed at the start; null when somebody is there already. */
  readonly firstOperatorLink: string | null
  readonly client: Client
  /** What the service went through so far. */
  readonly steps: readonly KillPoint[]
  /** The next time that the service comes to this point, it sends itself the signal. */
  arm(point: KillPoint, signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
  setClock(offsetMs: number): Promise<void>
  audit(oldCertificateId: string): Promise<Audit>
  /** The signal or exit code that it ended with, by itself or not. */
  readonly ended: Promise<string>
  /** SIGTERM, and the end that it came to. */
  stop(): Promise<string>
  /** What it wrote to its outputs. */
  logs(): string
}

export interface ServiceProcessOptions {
  /** Settings; nothing else of the test's own `EVERCERT_` environment is passed on. */
  readonly environment: Readonly<Record<string, string>>
  /** Added to the machine's clock; default 0. */
  readonly clockOffsetMs?: number
}

const PROGRAM = fileURLToPath(new URL('../../harness/crash-service.ts', import.meta.url))
/** Starts take half as long with it; the operating system removes it in time. */
const COMPILE_CACHE = join(tmpdir(), 'evercert-compile-cache')
const MAX_LOG = 64 * 1024
const STOP_TIMEOUT_MS = 60_000

/** Resolves when the service is ready. @throws Error with its output when it ends before */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  await giveDatabase(options)
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('EVERCERT_'))
  const child = fork(PROGRAM, [String(options.clockOffsetMs ?? 0)], {
    env: { ...Object.fromEntries(inherited), NODE_COMPILE_CACHE: COMPILE_CACHE, EVERCERT_PORT: '0', ...options.environment },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  const logs = collectOutput(child)
  const ended = new Promise<string>((resolve) =>
    child.once('exit', (code, signal) => {
      process.off('exit', killAtExit)
      resolve(signal ?? String(code))
    }),
  )
  const steps: KillPoint[] = []
  child.on('message', (report: Report) => {
    if (report.kind === 'step') steps.push(report.point)
  })
  const { url, token, firstOperatorLink } = await nextReport(child, 'ready', ended, logs)
  // One question at a time, so that each answer belongs to its question.
  let last: Promise<unknown> = Promise.resolve()
  const ask = <Kind extends Report['kind']>(command: Command, kind: Kind): Promise<Extract<Report, { kind: Kind }>> => {
    const turn = last.then(() => {
      const report = nextReport(child, kind, ended, logs)
      if (child.connected) child.send(command)
      return report
    })
    last = turn.catch(() => {}) // said by whoever asked
    return turn
  }
  return {
    url,
    firstOperatorLink,
    client: createClient({ url, token }),
    steps,
    arm: async (point, signal) => void (await ask({ kind: 'arm', point, signal }, 'obeyed')),
    setClock: async (offsetMs) => void (await ask({ kind: 'setClock', offsetMs }, 'obeyed')),
    audit: async (oldCertificateId) => (await ask({ kind: 'audit', oldCertificateId }, 'audit')).audit,
    ended,
    stop: () => {
      child.kill('SIGTERM')
      return endWithin(ended, child, logs)
    },
    logs,
  }
}

/** A new data folder starts with a copy of the empty database: to make one takes seconds each time, and the demo's test does. */
async function giveDatabase({ environment }: ServiceProcessOptions): Promise<void> {
  const { EVERCERT_DATA_DIR: dataDir, EVERCERT_DATABASE_URL: url } = environment
  if (dataDir === undefined || url !== undefined || existsSync(dataDir)) return
  copyFolder(await embeddedTemplate(), join(dataDir, 'database'))
}

/** A service that does not end is killed, and said to hang. @throws Error with its output */
async function endWithin(ended: Promise<string>, child: ChildProcess, logs: () => string): Promise<string> {
  let isHanging = false
  const timer = setTimeout(() => {
    isHanging = true
    child.kill('SIGKILL')
  }, STOP_TIMEOUT_MS)
  const end = await ended.finally(() => clearTimeout(timer))
  if (isHanging) throw new Error(`the service did not end within ${STOP_TIMEOUT_MS / 1000} s of SIGTERM:\n${logs()}`)
  return end
}

/** The next report of a kind. @throws Error when the service fails or ends instead */
function nextReport<Kind extends Report['kind']>(
  child: ChildProcess,
  kind: Kind,
  ended: Promise<string>,
  logs: () => string,
): Promise<Extract<Report, { kind: Kind }>> {
  const { promise, resolve, reject } = Promise.withResolvers<Extract<Report, { kind: Kind }>>()
  const onMessage = (report: Report): void => {
    if (report.kind === kind) resolve(report as Extract<Report, { kind: Kind }>)
    if (report.kind === 'failed') reject(new Error(report.problem))
  }
  child.on('message', onMessage)
  void ended.then((end) => reject(new Error(`the service ended (${end}) before it said "${kind}":\n${logs()}`)))
  return promise.finally(() => child.off('message', onMessage))
}

function collectOutput(child: ChildProcess): () => string {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-MAX_LOG)
    })
  }
  return () => output
}
