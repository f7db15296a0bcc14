/**
 * `npm run demo`: a site whose certificate has 12 days left gets a new one, and every address is seen to serve it.
 *
 * `--exit` ends when that is proved, otherwise the service goes on to be looked at; `--json` prints the result as the last line;
 * `--site nginx|builtin` says what serves the site; `--lang en|zh` the language.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { ApiProblem } from '@evercert/contract/client'
import { formatProblem } from '../packages/cli/src/failure.ts'
import { createSay, detectLanguage } from '../packages/cli/src/language.ts'
import { clean, createPaint, toJson } from '../packages/cli/src/output.ts'
import { createProgress } from '../packages/cli/src/progress.ts'
import { play } from './play.ts'
import { formatHints, formatResult, toDocument } from './report.ts'
import { setStage, type Stage } from './stage.ts'
import type { SiteKind } from './start-site.ts'

const EXIT_USAGE = 64
const EXIT_INTERRUPTED = 130

const argv = process.argv.slice(2)
const language = detectLanguage(argv, process.env)
const say = createSay(language)
const options = readOptions()

if (options === null) {
  process.stderr.write('demo [--exit] [--json] [--site nginx|builtin] [--lang en|zh]\n')
  process.exitCode = EXIT_USAGE
} else {
  process.exitCode = await run(options)
}

interface Options {
  readonly exit: boolean
  readonly json: boolean
  readonly site: SiteKind | null
}

function readOptions(): Options | null {
  try {
    const flags = {
      exit: { type: 'boolean' },
      json: { type: 'boolean' },
      site: { type: 'string' },
      lang: { type: 'string' },
    } as const
    const { exit = false, json = false, site = null } = parseArgs({ args: argv, options: flags }).values
    return site === null || site === 'nginx' || site === 'builtin' ? { exit, json, site } : null
  } catch {
    return null
  }
}

/** Whatever happens, the processes are ended and the folder is removed before this resolves. @returns the exit code */
async function run({ exit, json, site }: Options): Promise<number> {
  const interruption = new AbortController()
  const interrupted = new Promise<void>((resolve) =>
    interruption.signal.addEventListener('abort', () => resolve(), { once: true }),
  )
  // A terminal and npm both pass Ctrl-C on, so it comes twice: neither may end this process before it has cleaned up.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interruption.abort())
  const stream = json ? process.stderr : process.stdout
  const progress = createProgress({ stream, env: process.env })
  const paint = createPaint(stream, process.env)
  const print = (...lines: readonly string[]) => stream.write(lines.map((line) => `${line}\n`).join(''))
  let stage: Stage | null = null
  try {
    stage = await setStage(interruption.signal)
    const result = await play({ stage, progress, say, site })
    print('', ...formatResult(result, { say, paint }))
    if (!exit) print('', ...formatHints(result, stage, { say, paint }))
    if (json) process.stdout.write(`${toJson(toDocument(result, progress.steps), 0)}\n`)
    if (!exit) await Promise.race([interrupted, result.service.child.gone])
    return result.verification.ok ? 0 : 1
  } catch (error) {
    progress.end(interruption.signal.aborted ? 'stopped' : 'failed')
    if (interruption.signal.aborted) return EXIT_INTERRUPTED
    print('', ...describeError(error), ...(stage?.recentLines() ?? []).map((line) => paint('dim', `  | ${clean(line)}`)))
    return 1
  } finally {
    await stage?.strike()
  }

  function describeError(error: unknown): string[] {
    if (error instanceof ApiProblem) return formatProblem(error, language, paint)
    return [`${paint('red', '✖')} ${clean(error instanceof Error ? error.message : String(error))}`]
  }
}
