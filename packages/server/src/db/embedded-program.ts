/**
 * PostgreSQL's WebAssembly, with a word to V8 about how to compile it: nearly all of it by V8's first compiler, which takes little memory; but a
 * few hundred functions take most of the time, and those by the optimizing one.
 *
 * The word is a custom section as the proposal "compilation hints" has it. Whoever does not know it passes over it.
 *
 * @module
 */
import { open } from 'node:fs/promises'
import { HOT, type HotFunctions } from './embedded-hot-functions.ts'

export const PROGRAM = new URL('pglite.wasm', import.meta.resolve('@electric-sql/pglite'))

/** Of the binary format: https://webassembly.github.io/spec/core/binary/modules.html#sections */
export const SECTION = { custom: 0, function: 3, code: 10 } as const
const PREAMBLE_BYTES = 8
const NAME = Buffer.from('compilationHints')
/** Strategy as for all, then two bits for each tier: the optimizing compiler from the first call on. */
const OPTIMIZED = 0b10_10_00

/** What is to be compiled; the file as it is when the hot functions are another program's. */
export async function readProgram(file: URL = PROGRAM, hot: HotFunctions = HOT): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await open(file)
  try {
    const { size } = await handle.stat()
    const section = size === hot.programBytes ? toSection(hot) : new Uint8Array()
    // It is 9 MB long, so there is one copy of it: it is read behind room for the section, and what comes before that moves to the front.
    const program = new Uint8Array(section.length + size)
    await handle.read(program, section.length, size)
    const before = section.length === 0 ? 0 : findSection(program.subarray(section.length), SECTION.code)
    program.copyWithin(0, section.length, section.length + before)
    program.set(section, before)
    return program
  } finally {
    await handle.close()
  }
}

/** @returns where a section begins, octets from the program's beginning; its length when there is none such */
export function findSection(program: Uint8Array, wanted: number): number {
  let at = PREAMBLE_BYTES
  while (at < program.length && program[at] !== wanted) {
    const { value, end } = readNumber(program, at + 1)
    at = end + value
  }
  return at
}

/** Unsigned LEB128 of 32 bits. @returns it, and where it ends */
export function readNumber(program: Uint8Array, at: number): { readonly value: number; readonly end: number } {
  const byte = program[at] ?? 0
  if (byte < 0x80) return { value: byte, end: at + 1 }
  const rest = readNumber(program, at + 1)
  return { value: (byte & 0x7f) + rest.value * 0x80, end: rest.end }
}

/** One byte for each function. */
function toSection({ declared, functions }: HotFunctions): Uint8Array {
  const hints = new Uint8Array(declared)
  for (const index of functions) hints[index] = OPTIMIZED
  const content = Buffer.concat([toNumber(NAME.length), NAME, toNumber(declared), hints])
  return Buffer.concat([Uint8Array.of(SECTION.custom), toNumber(content.length), content])
}

function toNumber(value: number): Uint8Array {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Uint8Array.of(...bytes, rest)
    bytes.push((rest & 0x7f) | 0x80)
  }
}
