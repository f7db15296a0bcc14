/**
 * What a command works with: streams, language, and the client of the API.
 *
 * @module
 */
import { createClient, type Client, type ClientOptions } from '@evercert/contract/client'
import { createSay, type Language, type Say } from './language.ts'
import { createPaint, toJson, type Paint, type TextStream } from './output.ts'
import { findServiceUrl, loadProfile, type ProfileOptions } from './profile.ts'

/** What the command uses of the process; tests hand in their own. */
export interface SelectQuestion {
  readonly message: string
  readonly options: readonly { readonly value: string; readonly label: string }[]
  /** An interruption from outside must not leave the question open, and the terminal raw. */
  readonly signal?: AbortSignal | undefined
}

export interface Shell {
  readonly env: NodeJS.ProcessEnv
  readonly stdout: TextStream
  readonly stderr: TextStream
  /** All of stdin, as text. */
  readonly readInput: () => Promise<string>
  /** Whether somebody can answer a question. */
  readonly interactive: boolean
  /** Asks which of several. Null: whoever was asked broke off. */
  readonly select: (question: SelectQuestion) => Promise<string | null>
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Aborted by Ctrl-C, for the commands that end in their own way. */
  readonly onInterrupt: (handler: () => void) => () => void
}

export interface GlobalOptions extends ProfileOptions {
  readonly json?: boolean
}

export interface Session {
  readonly shell: Shell
  readonly language: Language
  readonly say: Say
  readonly paint: Paint
  readonly json: boolean
  /** Columns of the terminal for tables; null when the output goes elsewhere. */
  readonly columns: number | null
  /** Text lines on stdout; nothing with `--json`. */
  print(...lines: readonly string[]): void
  /** The one document of `--json`; nothing without it. */
  document(value: unknown): void
  /** Reads address and token when first asked for: `verify` needs neither. */
  client(): Promise<Client>
  /** Address and token, for what the client cannot do. */
  connection(): Promise<ClientOptions>
  /** Where the service is, for those who have no token yet. */
  serviceUrl(): Promise<string>
  /** The service that was called, for messages about its absence; null when none was. */
  calledUrl(): string | null
}

export function createSession(shell: Shell, language: Language, options: GlobalOptions): Session {
  let found: Promise<ClientOptions> | null = null
  let opened: Promise<Client> | null = null
  let url: string | null = null
  const find = async () => {
    const profile = await loadProfile(options, shell.env)
    url = profile.url
    return profile
  }
  const connection = () => (found ??= find())
  const open = async () => createClient(await connection())
  return {
    shell,
    language,
    say: createSay(language),
    paint: createPaint(shell.stdout, shell.env),
    json: options.json === true,
    columns: shell.stdout.isTTY === true ? shell.stdout.columns || 80 : null,
    print: (...lines) => {
      if (options.json !== true) for (const line of lines) shell.stdout.write(`${line}\n`)
    },
    document: (value) => {
      if (options.json === true) shell.stdout.write(`${toJson(value)}\n`)
    },
    client: () => (opened ??= open()),
    connection,
    serviceUrl: async () => (url = await findServiceUrl(options, shell.env)),
    calledUrl: () => url,
  }
}
