/**
 * A program that is started and ends by itself.
 *
 * @module
 */
import { spawn } from 'node:child_process'

export interface Run {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs: number
}

const MAX_OUTPUT = 256 * 1024

/** What it printed to standard output. @throws Error with its output when it fails, is missing, or takes too long */
export async function runToEnd({ command, args, env = {}, timeoutMs }: Run): Promise<string> {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  const output = { out: '', error: '' }
  child.stdout.on('data', (chunk: Buffer) => (output.out = (output.out + chunk.toString()).slice(-MAX_OUTPUT)))
  child.stderr.on('data', (chunk: Buffer) => (output.error = (output.error + chunk.toString()).slice(-MAX_OUTPUT)))
  const killAtExit = (): void => void child.kill('SIGKILL')
  process.once('exit', killAtExit)
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    })
    if (code === 0) return output.out
    throw new Error(`${command} ended with ${code ?? 'a signal'}:\n${output.out}${output.error}`)
  } finally {
    process.off('exit', killAtExit)
  }
}
