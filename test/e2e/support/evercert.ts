/**
 * The `evercert` command, as a process of its own or within this one.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { aShell } from '../../../packages/cli/test/builders.ts'
import { runProgram } from '../../../packages/cli/src/program.ts'

export interface CommandOutcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const COMMAND = join(import.meta.dirname, '../../../packages/cli/bin/main.mjs')

/** Runs the command against a service, in English. @param tokenFile holds the API token */
export async function runEvercert(
  service: { readonly url: string; readonly tokenFile: string },
  args: readonly string[],
): Promise<CommandOutcome> {
  const argv = [COMMAND, ...args, '--url', service.url, '--token-file', service.tokenFile, '--lang', 'en']
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  await once(child, 'close')
  return { code: child.exitCode, stdout, stderr }
}

/** Within this process, in English unless `args` say otherwise. */
export async function runEvercertHere(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<CommandOutcome> {
  const shell = { ...aShell(), env, now: Date.now }
  const code = await runProgram(args.includes('--lang') ? args : [...args, '--lang', 'en'], shell)
  return { code, stdout: shell.out(), stderr: shell.err() }
}
