/**
 * Settings of an adapter whose secrets are write-only: shown without them, and kept when they are left out of a change.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { AppError } from '../domain/errors.ts'

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

/**
 * The new settings, with the old value of each secret that they leave out, as long as they have what it belongs to; null takes a secret away.
 * Nothing is kept when a setting changes that decides where secrets go: nobody who may not read them shall have them sent to a place of theirs.
 *
 * @throws AppError `secretsNeeded` with the settings that changed and the secrets to give again
 */
export function withKeptSecrets(schema: z.ZodType, wanted: Settings, old: unknown): Record<string, unknown> {
  const config = structuredClone(wanted) as Record<string, unknown>
  const kept = secretPaths(schema).filter((path) => keepOne(config, old, path))
  const changed = kept.length === 0 ? [] : changedDestinations(schema, config, old)
  if (changed.length === 0) return config
  const [names, secrets] = [changed, kept].map((paths) => paths.map((path) => path.join('.'))) as [string[], string[]]
  throw new AppError(
    'secretsNeeded',
    `Changing ${names.join(', ')}: that is where secrets are sent, and those that are stored go nowhere else: give ${secrets.join(', ')} again.`,
    { facts: { changed: names, secrets } },
  )
}

/** Compared with defaults filled in. None when the new settings cannot be read: they are stored nowhere. */
function changedDestinations(schema: z.ZodType, next: unknown, old: unknown): readonly Path[] {
  const parsed = schema.safeParse(next)
  if (!parsed.success) return []
  const [after, before] = [parsed.data, schema.safeParse(old).data ?? old]
  return markedPaths(schema, 'destination').filter((path) => !isDeepStrictEqual(valueAt(after, path), valueAt(before, path)))
}

function valueAt(settings: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, name) => (isSettings(at) && Object.hasOwn(at, name) ? at[name] : undefined), settings)
}

type Path = readonly string[]

interface JsonSchema {
  readonly secret?: unknown
  readonly destination?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
}

/** Of each setting that is marked by `secret()`. */
export function secretPaths(schema: z.ZodType): readonly Path[] {
  return markedPaths(schema, 'secret')
}

function markedPaths(schema: z.ZodType, mark: 'secret' | 'destination'): readonly Path[] {
  const collect = (node: JsonSchema, path: Path): Path[] => [
    ...(node[mark] === true ? [path] : []),
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

/** @returns whether the old value stays */
function keepOne(settings: Record<string, unknown>, old: unknown, [name = '', ...rest]: Path): boolean {
  if (rest.length === 0 && settings[name] === null) {
    delete settings[name]
    return false
  }
  if (!isSettings(old) || !Object.hasOwn(old, name)) return false
  if (rest.length === 0) {
    if (Object.hasOwn(settings, name)) return false
    settings[name] = old[name]
    return true
  }
  const inner = settings[name]
  return isSettings(inner) && keepOne(inner, old[name], rest)
}
