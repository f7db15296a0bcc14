/**
 * The marks of a secret, and of where secrets go, in an adapter's settings.
 *
 * @module
 */
import { z } from 'zod'

/**
 * A setting that is a secret: a password field in the console, encrypted at rest, write-only in the API, never logged.
 * The mark is `secret: true` in the schema's metadata (and so in its JSON Schema); `description` tells the user what to put in.
 */
export function secret(description: string): z.ZodString {
  return z.string().min(1).meta({ secret: true, description })
}

/**
 * A setting that decides who receives the secrets of the same connection: a host, a port, a URL, and what says who may pose as that host. Whoever
 * changes it has to give the secrets again, which nobody can read. The mark is `destination: true` in the schema's metadata.
 */
export function destination<Schema extends z.ZodType>(schema: Schema): Schema {
  return schema.meta({ ...schema.meta(), destination: true })
}
