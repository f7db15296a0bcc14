/**
 * Processes that the demo starts, and that must be gone when it ends.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

export interface Child {
  readonly pid: number
  /** What it printed, both streams, the last lines. */
  readonly recentLines: () => readonly string[]
  /** Null while it runs. */
  readonly exitCode: () => number | null
  /** Resolves when it is gone, however it went. */
  readonly gone: Promise<void>
  signal(signal: NodeJS.Signals): void
  /** Asks it to end, and makes it end when it does not. Safe to repeat. */
  stop(signal?: NodeJS.Signals): Promise<void>
}

export interface ChildOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
}

const KEPT_LINES = 40
const PATIENCE_MS = 30_000

/** @throws Error when the program cannot be started */
export async function startChild(command: readonly string[], options: ChildOptions = {}): Promise<Child> {
  const [program = '', ...args] = command
  // The pipe on stdin ends when this process does, even by SIGKILL: a child that watches it does not outlive the demo.
  const child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => undefined) // it closed its end, which is its right
  const lines = collectLines(child)
  const gone = once(child, 'close').then(
    () => undefined,
    () => undefined,
  )
  await once(child, 'spawn')
  const isGone = () => child.exitCode !== null || child.signalCode !== null
  const signal = (name: NodeJS.Signals) => {
    if (!isGone()) child.kill(name)
  }
  return {
    pid: child.pid ?? 0,
    recentLines: () => lines,
    exitCode: () => (isGone() ? (child.exitCode ?? 1) : null),
    gone,
    signal,
    stop: async (name = 'SIGTERM') => {
      signal(name)
      const timer = setTimeout(() => signal('SIGKILL'), PATIENCE_MS)
      await gone
      clearTimeout(timer)
    },
  }
}

function collectLines(child: ChildProcess): readonly string[] {
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream?.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts)
      lines.splice(0, lines.length - KEPT_LINES)
    })
    stream?.on('end', () => {
      if (rest !== '') lines.push(rest)
    })
  }
  return lines
}
