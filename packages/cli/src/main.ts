/**
 * The `evercert` command.
 *
 * @module
 */
import { runProgram } from './program.ts'

process.exitCode = await runProgram(process.argv.slice(2), {
  env: process.env,
  stdout: process.stdout,
  stderr: process.stderr,
  interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
  now: () => Date.now(),
  onInterrupt: (handler) => {
    process.once('SIGINT', handler)
    return () => process.off('SIGINT', handler)
  },
})
