/**
 * The `evercert` command as a process of its own.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface CommandOutcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const COMMAND = join(import.meta.dirname, '../../../packages/cli/src/main.ts')

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
