/**
 * Runs an operator's test or reload command: no shell, no secrets in its environment, bounded time and output.
 *
 * @module
 */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { plainText } from '@evercert/contract/plain-text'

export interface CommandResult {
  readonly ok: boolean
  /** How it ended, such as `exit code 1`. */
  readonly ending: string
  /** Both streams together, the last 8 KiB, without private keys and control characters. */
  readonly output: string
}

const MAX_OUTPUT_BYTES = 8 * 1024

/** Of all that is started: not the service's own, which may hold the master key and passwords. */
export const COMMAND_ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' }

/** Never rejects. A command that runs too long is killed together with what it started. */
export async function runCommand(argv: readonly string[], timeoutMs: number): Promise<CommandResult> {
  const [program = '', ...rest] = argv
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], env: COMMAND_ENVIRONMENT, detached: true, cwd: '/' })
  const readOutput = collectOutput([child.stdout, child.stderr])
  const ending = await awaitEnding(child, timeoutMs)
  child.stdout.destroy()
  child.stderr.destroy()
  return { ...ending, output: readOutput() }
}

type Ending = Omit<CommandResult, 'output'>

function awaitEnding(child: ChildProcess, timeoutMs: number): Promise<Ending> {
  const { promise, resolve } = Promise.withResolvers<Ending>()
  const timer = setTimeout(() => {
    killGroup(child)
    resolve({ ok: false, ending: `no end within ${timeoutMs / 1_000} s, killed` })
  }, timeoutMs)
  const end = (code: number | null, signal: NodeJS.Signals | null) =>
    resolve({ ok: code === 0, ending: code === null ? `ended by ${signal ?? 'a signal'}` : `exit code ${code}` })
  child.once('error', (error) => resolve({ ok: false, ending: `could not be started: ${error.message}` }))
  child.once('close', end)
  // What a command leaves running in the background may hold the pipes open for ever: wait for the last output, not for that.
  child.once('exit', (code, signal) => setTimeout(end, OUTPUT_GRACE_MS, code, signal))
  return promise.finally(() => clearTimeout(timer))
}

const OUTPUT_GRACE_MS = 200

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It ended in this very moment.
  }
}

/** Gives what the streams have said so far: the last 8 KiB, without private keys and control characters. */
export function collectOutput(streams: readonly Readable[]): () => string {
  let collected = Buffer.alloc(0)
  const append = (chunk: Buffer) => {
    collected = Buffer.concat([collected, chunk]).subarray(-MAX_OUTPUT_BYTES)
  }
  for (const stream of streams) stream.on('data', append)
  return () => withoutKeys(plainText(collected.toString('utf8')).trim())
}

const PRIVATE_KEY_BLOCK = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g

/** Of one whose beginning is not among the last 8 KiB. */
const END_OF_PRIVATE_KEY = /^(?:(?!-----BEGIN )[\s\S])*?-----END [A-Z0-9 ]*PRIVATE KEY-----/

function withoutKeys(text: string): string {
  return text.replace(END_OF_PRIVATE_KEY, '[secret]').replaceAll(PRIVATE_KEY_BLOCK, '[secret]')
}
