/**
 * What targets of files have in common: their commands, where they are, and who runs the commands.
 *
 * @module
 */
import { hostname } from 'node:os'
import { posix } from 'node:path'
import { z } from 'zod'
import type { DeployTarget } from '../../ports/deploy.ts'
import type { AdapterKit } from '../../ports/kit.ts'
import { nameOfSshHost, openSshHost } from './ssh/ssh-host.ts'
import { sshSettings } from './ssh/ssh-settings.ts'
import { realPlace } from './real-place.ts'
import type { Layout } from '@evercert/pair-files/layout'
import { localHost } from '@evercert/pair-files/local-host'
import { createPairTarget } from '@evercert/pair-files/pair-target'
import type { Step } from '@evercert/pair-files/pair-context'

const DEFAULT_TIMEOUT_SECONDS = 30

/** Shown as a form, so without transformations. */
export const absolutePath = z.string().regex(/^\/[^\0]*[^/\0]$/, 'an absolute path of a file')
export const argv = z.array(z.string().min(1)).min(1)

/** Of every target of files. */
export const commandSettings = {
  testCommand: argv.optional().describe('Checks the configuration of the server: program and arguments, no shell'),
  reloadCommand: argv.optional().describe('Makes the server read its certificate again: program and arguments, no shell'),
  commandTimeoutSeconds: z.int().min(1).max(600).default(DEFAULT_TIMEOUT_SECONDS),
  sudo: z.boolean().default(false).describe('Run the two commands as root, with sudo -n'),
  ssh: sshSettings.optional().describe('The server, when it is not this machine'),
}

export const certificateMode = z
  .string()
  .regex(/^0?[0-7]{3}$/)
  .optional()
  .describe('Octal; default: that of the file that is there, else 644')

export const keyMode = z
  .string()
  .regex(/^0?[0-7]{2}0$/, 'octal, nothing for others')
  .optional()
  .describe('Octal, nothing for others; default: that of the file that is there, else 600')

/** A chain in one file, its key in another. */
export const twoFileSettings = {
  certificatePath: absolutePath.describe('Where the server reads the chain (PEM, leaf first)'),
  keyPath: absolutePath.describe('Where the server reads the private key (PEM)'),
  certificateMode,
  keyMode,
}

export const areTwoFiles = ({ certificatePath, keyPath }: { certificatePath: string; keyPath: string }): boolean =>
  certificatePath !== keyPath
export const NOT_TWO_FILES = 'certificatePath and keyPath must be two files'

export type CommandSettings = z.infer<z.ZodObject<typeof commandSettings>>

/**
 * The files of a layout, on the host and by the user of the settings: a server may show each user other folders. On this machine also by the name that they
 * have where no folder is a symbolic link; of another one that is not asked.
 */
export async function writtenFiles(
  { ssh }: Pick<CommandSettings, 'ssh'>,
  { files }: Pick<Layout, 'files'>,
): Promise<readonly string[]> {
  const paths = files.map(({ path }) => path)
  const written = paths.map((path) => posix.normalize(path))
  if (ssh !== undefined) return written.map((path) => `${nameOfSshHost({ ...ssh, host: ssh.host.toLowerCase() })} ${path}`)
  const real = await Promise.all(paths.map(realPlace))
  return [...written, ...real].map((path) => `this machine ${path}`)
}

export interface ServerDefaults {
  readonly testCommand?: readonly string[]
  readonly reloadCommand?: readonly string[]
}

/** A target of files: what the settings say, and of commands that they leave out, the server's usual ones. */
export function filesTarget(
  kit: AdapterKit,
  settings: CommandSettings,
  layout: Layout,
  defaults: ServerDefaults = {},
  onStep?: (step: Step) => void,
): DeployTarget {
  const { ssh, sudo } = settings
  const asRoot = (command: readonly string[] | undefined) =>
    command !== undefined && sudo ? ['sudo', '-n', ...command] : command
  const target = createPairTarget(
    {
      layout,
      testCommand: asRoot(settings.testCommand ?? defaults.testCommand),
      reloadCommand: asRoot(settings.reloadCommand ?? defaults.reloadCommand),
      commandTimeoutSeconds: settings.commandTimeoutSeconds,
      hostName: ssh === undefined ? localHost.name : nameOfSshHost(ssh),
      gathering: kit.gathering,
      openHost: () => (ssh === undefined ? Promise.resolve(localHost) : openSshHost(ssh, kit)),
      now: kit.now,
      onLogLine: kit.onLogLine,
    },
    onStep,
  )
  const isReloaded = (settings.reloadCommand ?? defaults.reloadCommand) !== undefined
  // Of a node on another machine this machine is another server.
  const shared = ssh === undefined ? `${hostname()}\0${target.server}` : target.server
  return {
    ...target,
    ...(ssh !== undefined && { host: nameOfSshHost(ssh) }),
    ...(isReloaded && { sharedReload: shared }),
  }
}
