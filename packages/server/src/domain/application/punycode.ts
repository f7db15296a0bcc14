/**
 * Punycode, decoding only (RFC 3492 §6.2): A-labels back to what people read. Encoding, mapping and validation are the URL parser's.
 *
 * @module
 */

// The parameters that RFC 3492 §5 sets for domain names.
const BASE = 36
const T_MIN = 1
const T_MAX = 26
const SKEW = 38
const DAMP = 700
const INITIAL_BIAS = 72
const INITIAL_CODE_POINT = 128

const DIGITS = 'abcdefghijklmnopqrstuvwxyz0123456789'

/**
 * The code points of one label, given without its `xn--`, in lower case.
 *
 * @throws RangeError when it is not Punycode
 */
export function decodePunycode(encoded: string): string {
  const delimiter = encoded.lastIndexOf('-')
  const output = Array.from(encoded.slice(0, Math.max(0, delimiter)), (character) => character.codePointAt(0) ?? 0)
  let position = delimiter + 1
  let codePoint = INITIAL_CODE_POINT
  let index = 0
  let bias = INITIAL_BIAS
  while (position < encoded.length) {
    const delta = readDelta(encoded, position, bias)
    const length = output.length + 1
    bias = adaptBias(delta.value, length, index === 0)
    codePoint += Math.floor((index + delta.value) / length)
    index = (index + delta.value) % length
    output.splice(index, 0, codePoint)
    index += 1
    position = delta.end
  }
  return String.fromCodePoint(...output) // throws beyond U+10FFFF
}

/** One generalised variable-length integer (RFC 3492 §3.3), and where it ends. */
function readDelta(encoded: string, start: number, bias: number): { value: number; end: number } {
  let value = 0
  let weight = 1
  for (let position = start, k = BASE; ; position += 1, k += BASE) {
    const digit = DIGITS.indexOf(encoded.charAt(position) || '?')
    if (digit < 0) throw new RangeError(`not Punycode: ${encoded}`)
    value += digit * weight
    if (!Number.isSafeInteger(value)) throw new RangeError(`Punycode overflows: ${encoded}`)
    const threshold = Math.min(T_MAX, Math.max(T_MIN, k - bias))
    if (digit < threshold) return { value, end: position + 1 }
    weight *= BASE - threshold
  }
}

function adaptBias(delta: number, length: number, isFirst: boolean): number {
  let rest = Math.floor(delta / (isFirst ? DAMP : 2))
  rest += Math.floor(rest / length)
  let k = 0
  for (; rest > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) rest = Math.floor(rest / (BASE - T_MIN))
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW))
}
