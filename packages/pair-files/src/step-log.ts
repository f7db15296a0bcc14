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

/** @param now epoch milliseconds */
export function createStepLog(now: () => number): StepLog {
  const lines: string[] = []
  const say = (text: string) => void lines.push(`${new Date(now()).toISOString()} ${text}`)
  return {
    lines,
    say,
    command: (name, { ending, output }) => {
      say(`Ran the ${name} command: ${ending}.`)
      if (output !== '') lines.push(...output.split('\n').map((line) => `  ${line.trimEnd()}`))
    },
  }
}
