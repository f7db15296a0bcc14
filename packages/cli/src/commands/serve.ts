/**
 * `evercert serve`: the service itself. The only file of the CLI that knows the server, and it loads it only when asked to run it.
 *
 * @module
 */
import { formatProblem, problemJson } from '../failure.ts'
import { clean, createPaint } from '../output.ts'
import type { Session } from '../session.ts'
import { makeRoomWhenBusy } from '../small-heap.ts'
import { startFailure } from '../start-failure.ts'

/** Runs until a signal ends it; what was chosen is said when it is ready. A start that fails ends the process. */
export async function serveCommand(session: Session): Promise<number> {
  const { shell, language } = session
  if (!shell.env['EVERCERT_DATABASE_URL']) (await import('@evercert/server/embedded')).prepareThread()
  const { serve } = await import('@evercert/server')
  await serve(shell.env, {
    started: (lines, document) => {
      makeRoomWhenBusy()
      session.document(document)
      session.print(...lines)
    },
    failed: ({ code, detail, facts, cause }) => {
      const failure = startFailure(code, detail, facts)
      const lines = session.json
        ? [problemJson(failure.problem)]
        : [
            ...formatProblem(failure, language, createPaint(shell.stderr, shell.env)),
            ...(cause === null ? [] : [`  (${clean(cause)})`]),
          ]
      shell.stderr.write(`${lines.join('\n')}\n`)
    },
  })
  return 0
}
