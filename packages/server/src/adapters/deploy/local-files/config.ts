/**
 * The settings of a `localFiles` target.
 *
 * @module
 */
import { z } from 'zod'

const absolutePath = z.string().regex(/^\/[^\0]*[^/\0]$/, 'an absolute path of a file')
const argv = z.array(z.string().min(1)).min(1)
const DEFAULT_TIMEOUT_SECONDS = 30

/** The settings of a target; shown as a form, so without transformations. */
export const localFilesConfig = z
  .object({
    certificatePath: absolutePath.describe('Where the server reads the chain (PEM, leaf first)'),
    keyPath: absolutePath.describe('Where the server reads the private key (PEM)'),
    testCommand: argv.optional().describe('Checks the configuration of the server: program and arguments, no shell'),
    reloadCommand: argv.optional().describe('Makes the server read its certificate again: program and arguments, no shell'),
    commandTimeoutSeconds: z.int().min(1).max(600).default(DEFAULT_TIMEOUT_SECONDS),
    certificateMode: z
      .string()
      .regex(/^0?[0-7]{3}$/)
      .optional()
      .describe('Octal; default: that of the file that is there, else 644'),
    keyMode: z
      .string()
      .regex(/^0?[0-7]{2}0$/, 'octal, nothing for others')
      .optional()
      .describe('Octal, nothing for others; default: that of the file that is there, else 600'),
  })
  .refine(({ certificatePath, keyPath }) => certificatePath !== keyPath, 'certificatePath and keyPath must be two files')
export type LocalFilesConfig = z.infer<typeof localFilesConfig>
