/** What V8 is told of PostgreSQL's WebAssembly. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { HOT } from '../../src/db/embedded-hot-functions.ts'
import { findSection, PROGRAM, readNumber, readProgram, SECTION } from '../../src/db/embedded-program.ts'

/** Of the platform; the types of Node leave it to those of browsers. */
declare const WebAssembly: {
  validate(program: Uint8Array): boolean
  Module: { new (program: Uint8Array): object; customSections(module: object, name: string): ArrayBuffer[] }
}

const OPTIMIZED = 40
const plain = readFileSync(PROGRAM)
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evercert-program-'))
})

afterAll(() => rmSync(folder, { recursive: true }))

function countFunctions(program: Uint8Array): number {
  const content = readNumber(program, findSection(program, SECTION.function) + 1).end
  return readNumber(program, content).value
}

it('the hot functions are those of the PGlite that is installed; if not: scripts/find-hot-functions.ts', () => {
  expect(HOT).toMatchObject({
    programBytes: plain.length,
    programSha256: createHash('sha256').update(plain).digest('hex'),
    declared: countFunctions(plain),
  })
  expect(new Set(HOT.functions).size).toBe(HOT.functions.length)
})

it('says of the hot functions alone that they are to be optimized, and changes nothing else', async () => {
  const program = await readProgram()
  const [content, ...others] = WebAssembly.Module.customSections(new WebAssembly.Module(program), 'compilationHints')
  expect(others).toEqual([])
  const bytes = new Uint8Array(content ?? new ArrayBuffer())
  const { value, end } = readNumber(bytes, 0)
  expect(value).toBe(bytes.length - end)
  const told = [...bytes.subarray(end).entries()].filter(([, hint]) => hint !== 0)
  expect(told).toEqual(HOT.functions.map((index) => [index, OPTIMIZED]))

  const code = findSection(program, SECTION.code)
  const before = program.subarray(0, code - (program.length - plain.length))
  expect(Buffer.concat([before, program.subarray(code)]).equals(plain)).toBe(true)
})

it('leaves another program as it is', async () => {
  const [wasm, version] = ['\0asm', '\u0001\0\0\0']
  const path = join(folder, 'other.wasm')
  writeFileSync(path, wasm + version)
  const program = await readProgram(pathToFileURL(path))
  expect(Buffer.from(program).equals(readFileSync(path))).toBe(true)
  expect(WebAssembly.validate(program)).toBe(true)
})

it('numbers of more than one byte', () => {
  expect(readNumber(Uint8Array.of(0xe5, 0x8e, 0x26), 0)).toEqual({ value: 624_485, end: 3 })
})
