/**
 * Access control lists over SSH: SFTP knows none, so `getfacl` and `setfacl` of the host are run, where it lets us.
 *
 * @module
 */
import type { CommandResult } from '@evercert/pair-files/command'
import type { FoundAcl } from '@evercert/pair-files/host'

const TIMEOUT_MS = 10_000

/** Runs a program on the host, with something to read. */
export type RunThere = (argv: readonly string[], timeoutMs: number, input?: string) => Promise<CommandResult>

export interface SshAcl {
  look(path: string): Promise<FoundAcl>
  /** @throws an error of the file system when the host refuses it */
  set(path: string, acl: string): Promise<void>
  /** @throws as `set` */
  dropDefault(path: string): Promise<void>
}

export function createSshAcl(run: RunThere): SshAcl {
  let canSet: Promise<boolean> | null = null
  /** A host that runs no such program is asked once in a connection. */
  let isRefused = false
  const isSettable = (): Promise<boolean> => {
    canSet ??= run(['setfacl', '--version'], TIMEOUT_MS).then(({ ok }) => ok)
    return canSet
  }
  const change = async (path: string, wish: string, input?: string): Promise<void> => {
    const { ok, output } = await run(['setfacl', wish, '--', path], TIMEOUT_MS, input)
    if (!ok) throw Object.assign(new Error(`setfacl: ${output}`), { code: 'EPERM', syscall: 'setfacl', path })
  }
  return {
    look: async (path) => {
      if (isRefused) return { acl: null, loss: 'unknown' }
      const { ok, output } = await run(
        ['getfacl', '--skip-base', '--omit-header', '--absolute-names', '--numeric', '--', path],
        TIMEOUT_MS,
      )
      if (!ok) {
        // What one file refuses is nothing against the others.
        isRefused ||= !(await run(['getfacl', '--version'], TIMEOUT_MS)).ok
        return { acl: null, loss: 'unknown' }
      }
      const entries = output.split('\n').filter((line) => /^(default:)?(user|group|mask|other):/.test(line))
      if (entries.length === 0) return { acl: null, loss: null }
      return (await isSettable()) ? { acl: `${entries.join('\n')}\n`, loss: null } : { acl: null, loss: 'lost' }
    },
    set: (path, acl) => change(path, '--set-file=-', acl),
    dropDefault: (path) => change(path, '--remove-default'),
  }
}
