/**
 * `evercert serve`: the service itself. The only file of the CLI that knows the server, and it loads it only when asked to run it.
 *
 * @module
 */
import { setFlagsFromString } from 'node:v8'
import type { Session } from '../session.ts'

/**
 * Garbage is collected sooner than V8 would on a machine with much memory. The space for what is new stays as large as it is before the server
 * is loaded, 16 MB, where it would grow to 67 and stay so.
 */
const SMALL_HEAP = ['--semi-space-growth-factor=1', '--heap-growing-percent=30']

/** Runs until a signal ends it; the server prints its own start-up lines. */
export async function serveCommand(session: Session): Promise<number> {
  for (const flag of SMALL_HEAP) setFlagsFromString(flag)
  if (!session.shell.env['EVERCERT_DATABASE_URL']) (await import('@evercert/server/embedded')).prepareThread()
  const { serve } = await import('@evercert/server')
  await serve(session.shell.env)
  return 0
}
