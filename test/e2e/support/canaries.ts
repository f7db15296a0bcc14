/**
 * Secrets that are looked for afterwards, in every form in which they might get out.
 *
 * @module
 */
import { createPrivateKey, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Shorter ones would be found by chance. */
const MIN_BYTES = 8

export interface Canaries {
  /** A secret of the test's own: letters and digits, with what JSON, URLs and shells write in another way. */
  text(name: string): string
  /** Random bytes in base64, as keys of HMACs are given. */
  base64(name: string): string
  plant(name: string, secret: string): string
  readonly names: readonly string[]
  /** The names of those that are in the bytes in any form. */
  find(bytes: Buffer | string): string[]
}

export function createCanaries(): Canaries {
  const planted = new Map<string, Buffer[]>()
  /** By their first two bytes: one pass finds all. */
  let index: Map<number, { readonly name: string; readonly shape: Buffer }[]> | null = null
  const plant = (name: string, secret: string): string => {
    planted.set(name, shapesOf(secret))
    index = null
    return secret
  }
  const look = (bytes: Buffer): string[] => {
    index ??= indexOf(planted)
    const isFirst = new Uint8Array(65_536)
    for (const first of index.keys()) isFirst[first] = 1
    const found = new Set<string>()
    for (let at = 0; at + 1 < bytes.length; at += 1) {
      const first = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
      if (isFirst[first] === 0) continue
      for (const { name, shape } of index.get(first) ?? [])
        if (bytes.compare(shape, 0, shape.length, at, Math.min(at + shape.length, bytes.length)) === 0) found.add(name)
    }
    return [...found].toSorted()
  }
  return {
    text: (name) => plant(name, `cnry ${randomBytes(9).toString('hex')}/"+%&é`),
    base64: (name) => plant(name, randomBytes(32).toString('base64')),
    plant,
    get names() {
      return [...planted.keys()]
    },
    find: (bytes) => look(typeof bytes === 'string' ? Buffer.from(bytes) : bytes),
  }
}

function indexOf(planted: ReadonlyMap<string, readonly Buffer[]>) {
  const index = new Map<number, { readonly name: string; readonly shape: Buffer }[]>()
  for (const [name, shapes] of planted) {
    for (const shape of shapes) {
      const first = shape.readUInt16BE(0)
      index.set(first, [...(index.get(first) ?? []), { name, shape }])
    }
  }
  return index
}

/** Of a key the private half alone: the public one is in its certificate. */
function shapesOf(secret: string): Buffer[] {
  if (secret.includes('PRIVATE KEY')) return distinct([...shapesOfPem(secret), ...formsOfBytes(privateHalf(secret))])
  const forms = [Buffer.from(secret), ...formsOfBytes(Buffer.from(secret)), ...formsOfText(secret)]
  if (/^[0-9a-f]{64}$/.test(secret)) forms.push(...formsOfBytes(Buffer.from(secret, 'hex')))
  else if (/^[A-Za-z0-9+/_-]{32,}={0,2}$/.test(secret)) forms.push(...formsOfBytes(Buffer.from(secret, 'base64')))
  return distinct(forms)
}

function shapesOfPem(pem: string): Buffer[] {
  const line = pem.split('\n')[2] ?? '' // the first names the algorithm, as every key's does
  return line.length < 32 ? [] : [Buffer.from(line), ...formsOfBytes(Buffer.from(line))]
}

function privateHalf(pem: string): Buffer {
  try {
    const { d = '' } = createPrivateKey(pem).export({ format: 'jwk' })
    return Buffer.from(d, 'base64url')
  } catch {
    return Buffer.from(pem) // not a key that can be read: every byte of it
  }
}

/** The bytes, their hex, and base64 in each of its three alignments. */
function formsOfBytes(bytes: Buffer): Buffer[] {
  const base64 = [0, 1, 2].map((skipped) =>
    bytes.subarray(skipped, bytes.length - ((bytes.length - skipped) % 3)).toString('base64'),
  )
  const hex = bytes.toString('hex')
  const texts = [...base64, ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')), hex, hex.toUpperCase()]
  return [bytes, ...texts.map((text) => Buffer.from(text))]
}

function formsOfText(text: string): Buffer[] {
  const percent = encodeURIComponent(text)
  const form = new URLSearchParams({ x: text }).toString().slice(2)
  const json = JSON.stringify(text).slice(1, -1)
  const all = [percent, percent.replaceAll(/%../g, (each) => each.toLowerCase()), form, json, JSON.stringify(json).slice(1, -1)]
  return all.map((each) => Buffer.from(each))
}

function distinct(shapes: readonly Buffer[]): Buffer[] {
  const longEnough = shapes.filter(({ length }) => length >= MIN_BYTES)
  return [...new Map(longEnough.map((shape) => [shape.toString('latin1'), shape])).values()]
}

/** Every file below, by its path in it. */
export function readFiles(folder: string): Map<string, Buffer> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path.slice(folder.length + 1), readFileSync(path)]
    }),
  )
}
