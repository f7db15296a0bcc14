/**
 * The settings of a target that is reached over SSH.
 *
 * @module
 */
import { z } from 'zod'
import { destination, secret } from '../secret.ts'

export const sshSettings = z
  .strictObject({
    host: destination(z.string().min(1).max(253).describe('Name or address of the server')),
    port: destination(z.int().min(1).max(65_535).default(22)),
    user: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/)
      .describe('Who signs in there; needs no more rights than docs/targets.md names'),
    hostKeys: destination(
      z
        .array(z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'SHA256: and 43 characters, as ssh-keygen -lf prints it'))
        .min(1)
        .describe('Fingerprints of the keys that the server may show; any other is refused: ssh-keyscan HOST | ssh-keygen -lf -'),
    ),
    privateKey: secret('OpenSSH private key to sign in with').optional(),
    passphrase: secret('Passphrase of the private key').optional(),
    password: secret('Password to sign in with, where there is no key').optional(),
  })
  .refine(({ privateKey, password }) => privateKey !== undefined || password !== undefined, 'give privateKey or password')
export type SshSettings = z.infer<typeof sshSettings>
