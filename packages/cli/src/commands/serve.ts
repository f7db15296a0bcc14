/**
 * `evercert serve`: the service itself. The only file of the CLI that knows the server, and it loads it only when asked to run it.
 *
 * @module
 */
import type { Session } from '../session.ts'

/** Runs until a signal ends it; the server prints its own start-up lines. */
export async function serveCommand(session: Session): Promise<number> {
  if (!session.shell.env['EVERCERT_DATABASE_URL']) (await import('@evercert/server/embedded')).prepareThread()
  const { serve } = await import('@evercert/server')
  await serve(session.shell.env)
  return 0
}
