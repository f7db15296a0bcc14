/**
 * Writes which functions of the embedded database take most of the time (`packages/server/src/db/embedded-hot-functions.ts`), from profiles of its
 * thread. Needed when PGlite is another one; a test says so.
 *
 *     npm run bench:renewals -- --only evercert --profile /tmp/profiles
 *     node scripts/find-hot-functions.ts /tmp/profiles
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findSection, PROGRAM, readNumber, SECTION } from '../packages/server/src/db/embedded-program.ts'

/** Of 820 that take any time. */
const MAX_FUNCTIONS = 500
/** What the optimizing compiler takes of memory follows the longest: three of 38 to 42 kB make it 20 MB, the generated parser 600 MB. */
const MAX_FUNCTION_BYTES = 22_000
const TARGET = new URL('../packages/server/src/db/embedded-hot-functions.ts', import.meta.url)

/** Of the platform; the types of Node leave it to those of browsers. */
declare const WebAssembly: {
  Module: { new (program: Uint8Array): object; imports(module: object): { readonly kind: string }[] }
}

interface Profile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: { readonly functionName: string } }[]
  readonly samples: readonly number[]
  /** Microseconds. */
  readonly timeDeltas: readonly number[]
}

const program = readFileSync(PROGRAM)
const sizes = readSizes(program)
const imported = WebAssembly.Module.imports(new WebAssembly.Module(program)).filter(({ kind }) => kind === 'function').length
const times = sumTimes(process.argv[2] ?? '.')
const functions = [...times]
  .map(([index, time]) => ({ index: index - imported, time }))
  .filter(({ index }) => index >= 0 && (sizes[index] ?? Infinity) <= MAX_FUNCTION_BYTES)
  .toSorted((one, other) => other.time - one.time)
  .slice(0, MAX_FUNCTIONS)
const share = functions.reduce((sum, { time }) => sum + time, 0) / [...times.values()].reduce((sum, time) => sum + time, 0)

writeFileSync(
  TARGET,
  `/**
 * Made by \`scripts/find-hot-functions.ts\`.
 *
 * @module
 */
export interface HotFunctions {
  /** Size and SHA-256 of the program that the numbers are from. */
  readonly programBytes: number
  readonly programSha256: string
  /** How many functions it has itself; those that it imports are not counted. */
  readonly declared: number
  /** Which of them, from 0. */
  readonly functions: readonly number[]
}

export const HOT: HotFunctions = {
  programBytes: ${program.length},
  programSha256: '${createHash('sha256').update(program).digest('hex')}',
  declared: ${sizes.length},
  functions: [${functions
    .map(({ index }) => index)
    .toSorted((one, other) => one - other)
    .join(', ')}],
}
`,
)
process.stdout.write(`${functions.length} functions take ${(100 * share).toFixed(0)} % of the time. Now: npm run format\n`)

/** Of each function's code, octets. */
function readSizes(bytes: Uint8Array): number[] {
  const section = readNumber(bytes, findSection(bytes, SECTION.code) + 1)
  const count = readNumber(bytes, section.end)
  let at = count.end
  return Array.from({ length: count.value }, () => {
    const { value, end } = readNumber(bytes, at)
    at = end + value
    return value
  })
}

/** @returns microseconds by the number of the function, imported ones counted */
function sumTimes(folder: string): Map<number, number> {
  const sums = new Map<number, number>()
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.cpuprofile'))) {
    const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Profile
    const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName]))
    for (const [at, node] of samples.entries()) {
      const index = /^wasm-function\[(\d+)\]$/.exec(names.get(node) ?? '')?.[1]
      if (index !== undefined) sums.set(Number(index), (sums.get(Number(index)) ?? 0) + (timeDeltas[at] ?? 0))
    }
  }
  return sums
}
