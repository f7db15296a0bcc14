/**
 * What a deployment did, one line each, with its time: shown to users, so without secrets.
 *
 * @module
 */
import type { CommandResult } from './command.ts'

export interface StepLog {
  readonly lines: readonly string[]
  /** A line with the present time. */
  say(text: string): void
  /** How a command ended, and what it wrote. */
  command(name: string, result: CommandResult): void
}

/**
 * @param now epoch milliseconds
 * @param onLine told each line as it is said, in the order of `lines`
 */
export function createStepLog(now: () => number, onLine?: (line: string) => void): StepLog {
  const lines: string[] = []
  const add = (line: string): void => {
    lines.push(line)
    onLine?.(line)
  }
  const say = (text: string): void => add(`${new Date(now()).toISOString()} ${text}`)
  return {
    lines,
    say,
    command: (name, { ending, output }) => {
      say(`Ran the ${name} command: ${ending}.`)
      if (output !== '') for (const line of output.split('\n')) add(`  ${line.trimEnd()}`)
    },
  }
}
