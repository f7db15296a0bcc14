/**
 * The command line of a bench: `--name value`, whole numbers and switches.
 *
 * @module
 */
import { parseArgs } from 'node:util'

export interface Options {
  /** A whole number from 1. @throws Error naming the option */
  count(name: string): number
  text(name: string): string | null
  isOn(name: string): boolean
}

/** @param defaults values of the options, false for switches; anything else on the command line is refused */
export function readOptions(defaults: Readonly<Record<string, string | false | null>>): Options {
  const options = Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [
      name,
      { type: value === false ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  const { values } = parseArgs({ options, strict: true })
  const valueOf = (name: string): string | boolean | null => values[name] ?? defaults[name] ?? null
  return {
    count: (name) => {
      const value = Number(valueOf(name))
      if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} must be a whole number from 1.`)
      return value
    },
    text: (name) => {
      const value = valueOf(name)
      return typeof value === 'string' ? value : null
    },
    isOn: (name) => valueOf(name) === true,
  }
}
