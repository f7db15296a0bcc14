/**
 * Settings of an adapter whose secrets are write-only: shown without them, and kept when they are left out of a change.
 *
 * @module
 */
import { z } from 'zod'

export interface ShownSettings {
  /** Without the secrets. */
  readonly config: Record<string, unknown>
  /** Dotted paths of the secrets that are set. */
  readonly secretsSet: readonly string[]
}

type Settings = Readonly<Record<string, unknown>>

/** @param schema the adapter's, whose secrets are marked by `secret()` */
export function withoutSecrets(schema: z.ZodType, settings: unknown): ShownSettings {
  const paths = secretPaths(schema)
  const config = structuredClone(isSettings(settings) ? settings : {}) as Record<string, unknown>
  return { config, secretsSet: paths.filter((path) => takeAway(config, path)).map((path) => path.join('.')) }
}

/** The new settings, with the old value of each secret that they leave out, as long as they have what it belongs to. */
export function withKeptSecrets(schema: z.ZodType, wanted: Settings, old: unknown): Record<string, unknown> {
  const config = structuredClone(wanted) as Record<string, unknown>
  for (const path of secretPaths(schema)) keepOne(config, old, path)
  return config
}

type Path = readonly string[]

interface JsonSchema {
  readonly secret?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
}

function secretPaths(schema: z.ZodType): readonly Path[] {
  const collect = (node: JsonSchema, path: Path): Path[] => [
    ...(node.secret === true ? [path] : []),
    ...Object.entries(node.properties ?? {}).flatMap(([name, child]) => collect(child, [...path, name])),
  ]
  return collect(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema, [])
}

function isSettings(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** @returns whether there was something */
function takeAway(settings: Record<string, unknown>, [name = '', ...rest]: Path): boolean {
  if (!Object.hasOwn(settings, name)) return false
  if (rest.length === 0) return delete settings[name]
  const inner = settings[name]
  return isSettings(inner) && takeAway(inner, rest)
}

function keepOne(settings: Record<string, unknown>, old: unknown, [name = '', ...rest]: Path): void {
  if (!isSettings(old) || !Object.hasOwn(old, name)) return
  if (rest.length === 0) {
    if (!Object.hasOwn(settings, name)) settings[name] = old[name]
    return
  }
  const inner = settings[name]
  if (isSettings(inner)) keepOne(inner, old[name], rest)
}
