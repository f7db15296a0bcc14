/**
 * Access control lists of this machine's files, by the tools of the package `acl`: Node knows none of its own.
 *
 * @module
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { COMMAND_ENVIRONMENT } from './command.ts'
import { FileAsker } from './file-asker.ts'
import type { FoundAcl } from './host.ts'

/** Paths of the two programs. */
export interface AclTools {
  readonly getfacl: string
  readonly setfacl: string
}

const TIMEOUT_MS = 10_000
const MARK_AT = 'drwxrwxrwx'.length

export class Acls {
  readonly #tools: AclTools
  /** Program and options. */
  readonly #ask: readonly [string, ...string[]]
  readonly #lists: FileAsker
  /** Marks such a file without those tools (POSIX). */
  readonly #marks = new FileAsker(['ls', '-ldL'])

  constructor(tools: AclTools) {
    this.#tools = tools
    this.#ask = [tools.getfacl, '--skip-base', '--omit-header', '--absolute-names', '--numeric']
    this.#lists = new FileAsker(this.#ask)
  }

  /** Whoever is warned of a loss installs the tools, and need not start the service anew. */
  async lookAt(path: string): Promise<FoundAcl> {
    const canKeep = existsSync(this.#tools.getfacl) && existsSync(this.#tools.setfacl)
    if (!canKeep) return { acl: null, loss: (await this.#isMarked(path)) ? 'lost' : null }
    // The shell may have been ended from outside, and a path may hold a line feed: then the program is asked itself.
    const acl = await this.#lists.ask(path).catch(() => this.#askItself(path))
    if (acl === null) return { acl: null, loss: 'unknown' }
    return { acl: acl.trim() === '' ? null : acl, loss: null }
  }

  /** Null when it does not tell. */
  #askItself(path: string): Promise<string | null> {
    const [program, ...options] = this.#ask
    return new Promise((resolve) => {
      execFile(program, [...options, '--', path], { env: COMMAND_ENVIRONMENT, timeout: TIMEOUT_MS }, (error, stdout) =>
        resolve(error === null ? stdout : null),
      )
    })
  }

  /** @throws an error of the file system, `EPERM` */
  set(path: string, acl: string): Promise<void> {
    return this.#change(path, ['--set-file=-'], acl)
  }

  /** @throws as `set` */
  dropDefault(path: string): Promise<void> {
    return this.#change(path, ['--remove-default'], '')
  }

  #change(path: string, wish: readonly string[], input: string): Promise<void> {
    const options = { env: COMMAND_ENVIRONMENT, timeout: TIMEOUT_MS }
    return new Promise<void>((resolve, reject) => {
      const child = execFile(this.#tools.setfacl, [...wish, '--', path], options, (error) => {
        if (error === null) resolve()
        else reject(Object.assign(new Error(error.message, { cause: error }), { code: 'EPERM', syscall: 'setfacl', path }))
      })
      child.stdin?.on('error', () => undefined) // it ended before it read: why, it says itself
      child.stdin?.end(input)
    })
  }

  /** Told without those tools; false when nobody can tell. */
  async #isMarked(path: string): Promise<boolean> {
    const line = await this.#marks.ask(path).catch(() => '')
    return line.charAt(MARK_AT) === '+'
  }
}
