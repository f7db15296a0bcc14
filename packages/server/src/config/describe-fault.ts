/**
 * What is wrong with a setting, and what to give, in words for who starts the service.
 *
 * @module
 */
import { z } from 'zod'

interface Shape {
  readonly type?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly format?: string
  readonly const?: string
  readonly enum?: readonly string[]
  readonly anyOf?: readonly Shape[]
  readonly secret?: boolean
}

const MOST_SHOWN = 60

/**
 * `EVERCERT_PORT is 'abc': give a number from 0 to 65535`. The value of a secret is not shown.
 *
 * @param issue of parsing `given` by `schema`
 */
export function describeFault(
  name: string,
  { schema, given, issue }: { readonly schema: z.ZodType; readonly given: string; readonly issue: z.core.$ZodIssue },
): string {
  const shape = z.toJSONSchema(schema, { unrepresentable: 'any' }) as Shape
  const value = shape.secret === true ? 'wrong (its value is not shown)' : `'${shown(given)}'`
  return `${name} is ${value}: ${adviceOf(shape, given, issue)}`
}

function shown(text: string): string {
  // oxlint-disable-next-line no-control-regex -- what would drive the terminal
  const plain = text.replaceAll(/[\u0000-\u001F\u007F-\u009F]/g, '')
  return plain.length <= MOST_SHOWN ? plain : `${plain.slice(0, MOST_SHOWN)}…`
}

/** A rule of our own says what it wants; all others are read from the schema. */
function adviceOf(shape: Shape, given: string, { code, message }: z.core.$ZodIssue): string {
  const isOwn = code === 'custom' || (code === 'invalid_format' && shape.format === undefined)
  return isOwn ? `it ${message}` : `give ${wanted(shape, given)}`
}

function wanted(shape: Shape, given: string): string {
  if (shape.anyOf !== undefined) return shape.anyOf.map((each) => wanted(each, given)).join(', or ')
  if (shape.const !== undefined) return shape.const
  if (shape.enum !== undefined) return `one of ${shape.enum.join(', ')}`
  if (shape.type === 'integer' || shape.type === 'number') return wantedNumber(shape, given)
  if (shape.format === 'uri') return 'a URL that begins with http:// or https://'
  const { minLength = 0, maxLength } = shape
  return maxLength === undefined ? `at least ${minLength} characters` : `${minLength} to ${maxLength} characters`
}

function wantedNumber(
  { type, minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER }: Shape,
  given: string,
): string {
  const isFraction = type === 'integer' && Number.isFinite(Number(given)) && !Number.isInteger(Number(given))
  const kind = isFraction ? 'a whole number' : 'a number'
  if (minimum === Number.MIN_SAFE_INTEGER && maximum === Number.MAX_SAFE_INTEGER) return kind
  return `${kind} from ${minimum} to ${maximum}`
}
