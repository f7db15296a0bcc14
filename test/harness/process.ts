/**
 * Real servers as child processes: started, waited for, read and ended, each exactly once.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ProcessOptions {
  readonly command: string
  readonly args?: readonly string[]
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** The Debian package that holds the command, for the message when it is missing. */
  readonly debianPackage: string
  /** Asked every 25 ms until true; what it throws counts as not yet. */
  readonly isReady: (logs: string) => boolean | Promise<boolean>
  /** Default 20 s. */
  readonly timeoutMs?: number
}

export interface RunningProcess {
  readonly pid: number
  /** What it wrote to both outputs, at most the last MiB. */
  logs(): string
  /** Settles when it has ended, by itself or not. */
  readonly ended: Promise<void>
  /** SIGTERM, and SIGKILL after three seconds; may be called again. */
  stop(): Promise<void>
  /** SIGKILL at once, as a crash would. */
  kill(): Promise<void>
}

const POLL_MS = 25
const TIMEOUT_MS = 20_000
const PATIENCE_MS = 3000
const MAX_LOG = 1024 * 1024

/** Starts the server and waits until it is ready. Throws with its output when it ends or does not get ready. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const running = await launch(options)
  const deadline = Date.now() + (options.timeoutMs ?? TIMEOUT_MS)
  let hasEnded = false
  void running.ended.then(() => (hasEnded = true))
  while (!(await isReady(options, running))) {
    if (hasEnded) throw new Error(`${options.command} ended before it was ready:\n${running.logs()}`)
    if (Date.now() > deadline) {
      await running.stop()
      throw new Error(`${options.command} was not ready in time:\n${running.logs()}`)
    }
    await sleep(POLL_MS)
  }
  return running
}

/** What to do when a command of a Debian package is not there. */
function missingPackage(command: string, debianPackage: string): Error {
  return new Error(`${command} is not installed: apt-get install ${debianPackage}`)
}

async function launch({ command, args = [], env = {}, cwd, debianPackage }: ProcessOptions): Promise<RunningProcess> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    ...(cwd !== undefined && { cwd }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const append = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-MAX_LOG)
  }
  child.stdout.on('data', append)
  child.stderr.on('data', append)
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(error.code === 'ENOENT' ? missingPackage(command, debianPackage) : error),
    )
  })
  // A test run that is interrupted leaves no server behind.
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  void ended.then(() => process.off('exit', killAtExit))
  return {
    pid: child.pid ?? 0,
    logs: () => output,
    ended,
    stop: () => end(child, ended, 'SIGTERM'),
    kill: () => end(child, ended, 'SIGKILL'),
  }
}

async function isReady(options: ProcessOptions, running: RunningProcess): Promise<boolean> {
  try {
    return await options.isReady(running.logs())
  } catch {
    // Not listening yet.
    return false
  }
}

async function end(child: ChildProcess, ended: Promise<void>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS)
  await ended
  clearTimeout(timer)
}
