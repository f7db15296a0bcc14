/**
 * Names that stand twice in an object. `JSON.parse` takes the last of them (RFC 8259 §4 leaves it open), another reader the first: who checks a
 * request before us would have seen something else than we do.
 *
 * @module
 */
import { MAX_DEPTH } from './check-input.ts'

const [QUOTE, BACKSLASH, COLON, OPEN, CLOSE] = [0x22, 0x5c, 0x3a, 0x7b, 0x7d]

/**
 * The first name that its object has twice; null when there is none. Reads the text once and makes nothing of values. Of what is no JSON, or is
 * nested so deep that it is refused for that, nothing is said.
 */
export function findRepeatedName(text: string): string | null {
  // Lists are of no interest: a colon belongs to the innermost object that is open.
  const open: Set<string>[] = []
  let [from, to] = [0, 0] // the latest string
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      from = at + 1
      to = endOfString(text, from)
      at = to
    } else if (code === OPEN) {
      if (open.push(new Set()) > MAX_DEPTH) return null
    } else if (code === CLOSE) open.pop()
    else if (code === COLON) {
      const names = open.at(-1)
      const name = readName(text.slice(from, to))
      if (names === undefined || name === null) return null
      if (names.has(name)) return name
      names.add(name)
    }
  }
  return null
}

/** Where the quote stands that ends it. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1
    if (slashes % 2 === 0) return end
  }
  return text.length
}

/** A name as it is meant: one may be written in several ways. */
function readName(written: string): string | null {
  if (!written.includes('\\')) return written
  try {
    return String(JSON.parse(`"${written}"`))
  } catch {
    return null
  }
}
