/**
 * The settings of an adapter as single values, read from the JSON Schema with which the service describes them.
 *
 * @module
 */

/** What of JSON Schema 2020-12 the settings of adapters use. */
interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly default?: unknown
  readonly description?: string
  readonly secret?: boolean
}

export interface SettingField {
  /** As it is written on the command line: `eab.keyId`. */
  readonly path: string
  readonly type: 'text' | 'number' | 'boolean' | 'choice' | 'list' | 'json'
  /** Within {@link group}, when there is one. */
  readonly isRequired: boolean
  /** The object that may be left out as a whole; null: there is none. */
  readonly group: string | null
  readonly isSecret: boolean
  readonly isNullable: boolean
  /** Of a choice. */
  readonly options: readonly string[]
  /** What holds when it is left out; undefined: nothing does. */
  readonly preset: unknown
  readonly description: string
}

/** In the order of the schema. */
export function readFields(schema: object, prefix = '', group: string | null = null): SettingField[] {
  const { properties = {}, required = [] } = schema as Schema
  return Object.entries(properties).flatMap(([name, property]) => {
    const path = `${prefix}${name}`
    const isRequired = required.includes(name) && property.default === undefined
    const shape = withoutNull(property)
    if (shape.properties !== undefined) return readFields(shape, `${path}.`, isRequired ? group : path)
    const { enum: options = [], secret = false, description = '' } = shape
    const isNullable = shape !== property
    const preset = property.default
    const type = typeOf(shape)
    return [{ path, type, isRequired, group, isSecret: secret, isNullable, options: options.map(String), preset, description }]
  })
}

/** `anyOf` with null is what may be left out. */
function withoutNull(property: Schema): Schema {
  const choices = property.anyOf?.filter(({ type }) => type !== 'null') ?? []
  const [only] = choices
  return only !== undefined && choices.length === 1 ? { ...property, ...only } : property
}

function typeOf({ type, enum: options }: Schema): SettingField['type'] {
  if (options !== undefined) return 'choice'
  const types = { string: 'text', integer: 'number', number: 'number', boolean: 'boolean', array: 'list' } as const
  return type !== undefined && Object.hasOwn(types, type) ? types[type as keyof typeof types] : 'json'
}

/** What is at `eab.keyId`; undefined when nothing is. */
export function valueAt(settings: Readonly<Record<string, unknown>>, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), settings)
}

/** The settings with `value` at `eab.keyId`; the objects on the way are made. */
export function withValue(settings: Readonly<Record<string, unknown>>, path: string, value: unknown): Record<string, unknown> {
  const [name = '', ...rest] = path.split('.')
  if (rest.length === 0) return { ...settings, [name]: value }
  const inner = settings[name]
  return { ...settings, [name]: withValue(isObject(inner) ? inner : {}, rest.join('.'), value) }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
