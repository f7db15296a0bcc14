/**
 * The mark of a secret in an adapter's settings.
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
