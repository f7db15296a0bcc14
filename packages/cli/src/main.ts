/**
 * The `evercert` command.
 *
 * @module
 */
import { text } from 'node:stream/consumers'
import { keepHeapSmall } from './small-heap.ts'

if (process.argv[2] === 'serve') keepHeapSmall()
// What a module imports is loaded before its first line: by then it would be too late.
const { selectAtTerminal } = await import('./choice.ts')
const { runProgram } = await import('./program.ts')
const { EXIT_OUTPUT, reportLostOutput } = await import('./lost-output.ts')

const IMPATIENCE_MS = 500
const EXIT_INTERRUPTED = 130

// "evercert list | head" closes the pipe early: that is an end, not a failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  reportLostOutput(process.argv.slice(2), process, error)
  process.exit(EXIT_OUTPUT)
})
// Then nothing can be told any more; the exit code still can.
process.stderr.on('error', () => undefined)

process.exitCode = await runProgram(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  readInput: () => text(process.stdin),
  select: selectAtTerminal,
  interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
  now: () => Date.now(),
  onInterrupt,
})

/** Under npm Ctrl-C comes twice, from the terminal and from npm: only one that comes later means "at once". */
function onInterrupt(handler: () => void): () => void {
  let firstAt: number | null = null
  const listener = () => {
    if (firstAt !== null && performance.now() - firstAt > IMPATIENCE_MS) process.exit(EXIT_INTERRUPTED)
    if (firstAt !== null) return
    firstAt = performance.now()
    handler()
  }
  process.on('SIGINT', listener)
  return () => process.off('SIGINT', listener)
}
