/**
 * A program that tells something of one file, asked of many files one after the other.
 *
 * To start a process from one as large as the service costs more than all else of an installation: its whole memory is marked as shared, and
 * each page that is written afterwards faults. So it is done once, for a shell that starts the program for each file and is small.
 *
 * @module
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Socket } from 'node:net'
import type { Readable, Writable } from 'node:stream'
import { COMMAND_ENVIRONMENT } from './command.ts'

/** One path a line; behind what the program says a NUL, which no name holds, and how it ended. */
const SCRIPT = `while IFS= read -r path; do "$@" -- "$path" </dev/null; printf '\\0%s\\n' "$?"; done`
const ENDING = /\0(\d+)\n/
const TIMEOUT_MS = 10_000
/** Far above what is told of a file. */
const MAX_ANSWER_LENGTH = 1 << 20

type Shell = ChildProcessByStdio<Writable, Readable, null>

interface Question {
  readonly resolve: (answer: string) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

export class FileAsker {
  readonly #argv: readonly string[]
  #shell: Shell | null = null
  #asked: Question[] = []
  #answer = ''

  /** @param argv of the program; the path comes last */
  constructor(argv: readonly string[]) {
    this.#argv = argv
  }

  /** What the program says of a file. @throws when it does not end well, or not in time */
  ask(path: string): Promise<string> {
    if (path.includes('\n')) return Promise.reject(new Error('A path with a line feed cannot be asked for.'))
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const shell = (this.#shell ??= this.#start())
    const timer = setTimeout(
      () => this.#end(shell, new Error(`${this.#argv[0]} did not answer within ${TIMEOUT_MS / 1000} s.`)),
      TIMEOUT_MS,
    )
    this.#asked.push({ resolve, reject, timer })
    holdProcess(shell, true)
    shell.stdin.write(`${path}\n`)
    return promise
  }

  #start(): Shell {
    const shell = spawn('sh', ['-c', SCRIPT, 'sh', ...this.#argv], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: COMMAND_ENVIRONMENT,
      cwd: '/',
    })
    const end = (error?: Error): void => this.#end(shell, error ?? new Error('The shell has ended.'))
    shell.once('error', end).once('close', () => end())
    shell.stdin.on('error', end)
    shell.stdout.setEncoding('utf8').on('data', (text: string) => this.#read(shell, text))
    return shell
  }

  #read(shell: Shell, text: string): void {
    if (shell !== this.#shell) return
    this.#answer += text
    for (let found = ENDING.exec(this.#answer); found !== null; found = ENDING.exec(this.#answer)) {
      const answer = this.#answer.slice(0, found.index)
      this.#answer = this.#answer.slice(found.index + found[0].length)
      this.#tell(answer, Number(found[1]))
    }
    if (this.#answer.length > MAX_ANSWER_LENGTH) this.#end(shell, new Error(`${this.#argv[0]} says too much.`))
    else if (this.#asked.length === 0) holdProcess(shell, false)
  }

  #tell(answer: string, status: number): void {
    const question = this.#asked.shift()
    clearTimeout(question?.timer)
    if (status === 0) question?.resolve(answer)
    else question?.reject(new Error(`${this.#argv[0]} ended with code ${status}.`))
  }

  /** All who wait are told; the next question begins anew. */
  #end(shell: Shell, error: Error): void {
    if (shell !== this.#shell) return
    this.#shell = null
    this.#answer = ''
    shell.kill('SIGKILL')
    for (const { reject, timer } of this.#asked.splice(0)) {
      clearTimeout(timer)
      reject(error)
    }
  }
}

/** Whether Node waits for it at its end. It ends by itself with its input. */
function holdProcess(shell: Shell, isHeld: boolean): void {
  for (const handle of [shell, shell.stdin as Socket, shell.stdout as Socket]) {
    if (isHeld) handle.ref()
    else handle.unref()
  }
}
