/**
 * The settings of an adapter as fields of a form: read from its JSON Schema, one level of objects deep.
 *
 * @module
 */

/** What of JSON Schema 2020-12 the settings of adapters use. */
interface JsonSchema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly default?: unknown
  readonly description?: string
  readonly format?: string
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly secret?: boolean
  readonly destination?: boolean
}

interface FieldBase {
  readonly name: string
  /** From the settings themselves: `['eab', 'keyId']`. */
  readonly path: readonly string[]
  readonly isRequired: boolean
  readonly description: string | null
  /** What holds when it is left out; undefined: nothing does. */
  readonly preset: unknown
  /** Whether it decides where the secrets go: when it changes, none is kept. */
  readonly isDestination: boolean
}

export type AdapterField = FieldBase &
  (
    | {
        readonly kind: 'text' | 'secret'
        readonly format: string | null
        readonly pattern: string | null
        readonly maxLength: number | null
        /** PEM and other texts of several lines. */
        readonly isLong: boolean
      }
    | { readonly kind: 'number'; readonly minimum: number | null; readonly maximum: number | null; readonly isInteger: boolean }
    | { readonly kind: 'boolean' }
    | { readonly kind: 'choice'; readonly options: readonly string[] }
    | { readonly kind: 'list'; readonly maxItems: number | null }
    | { readonly kind: 'object'; readonly fields: readonly AdapterField[] }
  )

const LONG_NAME = /pem$|privatekey$|publickey$|instructions$/i
const MAX_SHORT = 1024

/** Fields in the order of the schema. A setting that no field can hold is left out: its default holds. */
export function readFields(schema: object, path: readonly string[] = []): AdapterField[] {
  const { properties = {}, required = [] } = schema as JsonSchema
  return Object.entries(properties).flatMap(([name, property]) => {
    const base = {
      name,
      path: [...path, name],
      isRequired: required.includes(name) && property.default === undefined,
      description: property.description ?? null,
      preset: property.default,
      isDestination: property.destination === true,
    }
    const shape = shapeOf(name, simplify(property), base.path)
    return shape === null ? [] : [{ ...base, ...shape }]
  })
}

/** `anyOf` with null is what may be left out. */
function simplify(property: JsonSchema): JsonSchema {
  const choices = property.anyOf?.filter(({ type }) => type !== 'null') ?? []
  const [only] = choices
  return only !== undefined && choices.length === 1 ? { ...property, ...only } : property
}

type Shape = AdapterField extends infer Field ? (Field extends AdapterField ? Omit<Field, keyof FieldBase> : never) : never

function shapeOf(name: string, property: JsonSchema, path: readonly string[]): Shape | null {
  if (property.enum !== undefined) return { kind: 'choice', options: property.enum.map(String) }
  switch (property.type) {
    case 'string':
      return textShape(name, property)
    case 'boolean':
      return { kind: 'boolean' }
    case 'integer':
    case 'number':
      return numberShape(property)
    case 'array':
      return property.items?.type === 'string' ? { kind: 'list', maxItems: property.maxItems ?? null } : null
    case 'object':
      return path.length === 1 ? { kind: 'object', fields: readFields(property, path) } : null
    case undefined:
    default:
      return null
  }
}

function numberShape({ type, minimum, maximum }: JsonSchema): Shape {
  return { kind: 'number', minimum: minimum ?? null, maximum: maximum ?? null, isInteger: type === 'integer' }
}

function textShape(name: string, property: JsonSchema): Shape {
  return {
    kind: property.secret === true ? 'secret' : 'text',
    format: property.format ?? null,
    pattern: property.pattern ?? null,
    maxLength: property.maxLength ?? null,
    isLong: LONG_NAME.test(name) || (property.maxLength ?? 0) > MAX_SHORT,
  }
}

/** Of a connection that is there: its settings but the secrets, of which only the dotted paths are known. */
export interface StoredSettings {
  readonly config: Readonly<Record<string, unknown>>
  readonly secretsSet: readonly string[]
}

/** What a field shows at first: what is stored, else its preset; a list as one line for each entry. */
export function startValueOf({ kind, preset, path }: AdapterField, stored: StoredSettings | null = null): unknown {
  const value = storedAt(stored?.config, path) ?? preset
  if (kind === 'boolean') return value ?? false
  return Array.isArray(value) ? value.join('\n') : value
}

function storedAt(config: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>> | undefined)?.[name], config)
}

/** Whether there is one to keep, so that its field may stay empty. */
export function isSecretSet({ path }: AdapterField, stored: StoredSettings | null): boolean {
  return stored?.secretsSet.includes(path.join('.')) === true
}

/** All settings anew for a change, with those that no field can hold as they were; null when nothing differs from what the form showed at first. */
export function changedSettings(
  fields: readonly AdapterField[],
  typed: Readonly<Record<string, unknown>>,
  stored: StoredSettings,
): Record<string, unknown> | null {
  const settings = settingsOf(fields, typed)
  const shown = settingsOf(fields, startValuesOf(fields, stored))
  if (JSON.stringify(settings) === JSON.stringify(shown)) return null
  const names = new Set(fields.map(({ name }) => name))
  const others = Object.fromEntries(Object.entries(stored.config).filter(([name]) => !names.has(name)))
  return { ...others, ...(isMoved(fields, typed, stored) ? withoutKept(fields, settings, stored) : settings) }
}

/** Whether the secrets would go elsewhere than they were entered for: then none of them is kept. */
export function isMoved(
  fields: readonly AdapterField[],
  typed: Readonly<Record<string, unknown>>,
  stored: StoredSettings,
): boolean {
  return fields.some((field) => {
    const value = typed[field.name]
    if (field.kind === 'object') return isMoved(field.fields, (value ?? {}) as Record<string, unknown>, stored)
    if (!field.isDestination) return false
    const shown = valueOf(field, startValueOf(field, stored)) ?? field.preset
    return JSON.stringify(valueOf(field, value) ?? (isSecretSet(field, stored) ? shown : field.preset)) !== JSON.stringify(shown)
  })
}

/** Null for each secret that is set, may be missing, and was left empty. */
function withoutKept(
  fields: readonly AdapterField[],
  settings: Readonly<Record<string, unknown>>,
  stored: StoredSettings,
): Record<string, unknown> {
  const gone: Record<string, unknown> = {}
  for (const field of fields) {
    const { name, isRequired, isDestination } = field
    const value = settings[name]
    if (field.kind === 'object' && value !== undefined)
      gone[name] = withoutKept(field.fields, value as Record<string, unknown>, stored)
    else if (value === undefined && !isRequired && !isDestination && isSecretSet(field, stored)) gone[name] = null
  }
  return { ...settings, ...gone }
}

function startValuesOf(fields: readonly AdapterField[], stored: StoredSettings): Record<string, unknown> {
  return Object.fromEntries(
    fields.map((field) => [
      field.name,
      field.kind === 'object' ? startValuesOf(field.fields, stored) : startValueOf(field, stored),
    ]),
  )
}

/** What was typed (a list as its lines), as the API takes it: what is empty is left out, and so is an object in which nothing was filled in. */
export function settingsOf(fields: readonly AdapterField[], values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const settings: Record<string, unknown> = {}
  for (const field of fields) {
    const value = valueOf(field, values[field.name])
    if (value !== undefined) settings[field.name] = value
  }
  return settings
}

function groupOf(field: Extract<AdapterField, { readonly kind: 'object' }>, typed: Record<string, unknown>): unknown {
  if (isLeftOut(field, typed)) return undefined
  const inner = settingsOf(field.fields, typed)
  return Object.keys(inner).length === 0 ? undefined : inner
}

/** A group that may be left out and needs something of its user, of which no more than presets is there. */
function isLeftOut(
  { isRequired, fields }: Extract<AdapterField, { readonly kind: 'object' }>,
  typed: Record<string, unknown>,
): boolean {
  return !isRequired && fields.some((field) => field.isRequired) && !fields.some((field) => isGiven(field, typed[field.name]))
}

/** Whether it says more than its preset. */
export function isGiven(field: AdapterField, typed: unknown): boolean {
  const value = valueOf(field, typed)
  const preset = field.kind === 'boolean' ? (field.preset ?? false) : field.preset
  return value !== undefined && JSON.stringify(value) !== JSON.stringify(preset)
}

function valueOf(field: AdapterField, typed: unknown): unknown {
  if (field.kind === 'object') return groupOf(field, (typed ?? {}) as Record<string, unknown>)
  if (field.kind === 'list') {
    const lines = (typeof typed === 'string' ? typed.split('\n') : []).map((line) => line.trim()).filter((line) => line !== '')
    return lines.length === 0 ? undefined : lines
  }
  if (typed === null || typed === undefined || typed === '') return undefined
  return typeof typed === 'string' && field.kind === 'text' && !field.isLong ? typed.trim() : typed
}
