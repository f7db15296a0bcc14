/**
 * Certificates in Apache httpd configurations: `SSLCertificateFile`, through Include and IncludeOptional, with `Define` and the variables
 * of `envvars`.
 *
 * @module
 */
import type { FindingProblem } from '@evercert/contract'
import { folderOf, toAbsolute, type Named, type Source } from './source.ts'

interface Scope {
  certificates: { path: string; file: string; line: number }[]
  keys: string[]
  serverNames: string[]
  port: number | null
}

interface State {
  readonly source: Source
  readonly variables: Map<string, string>
  /** Relative paths start here. */
  serverRoot: string
  readonly found: Named[]
  /** The main server, and the virtual host that is open within it. */
  readonly scopes: Scope[]
}

const newScope = (): Scope => ({ certificates: [], keys: [], serverNames: [], port: null })

export function discoverApache(source: Source, path: string): readonly Named[] {
  const folder = folderOf(path)
  const main = newScope()
  const state: State = {
    source,
    variables: readEnvironment(source, `${folder}/envvars`),
    serverRoot: folder,
    found: [],
    scopes: [main],
  }
  source.enter(path, 0, () => readFile(state, path, 0))
  close(state, main, newScope())
  return state.found
}

/** Debian's `export NAME=value`; nothing is run. */
function readEnvironment(source: Source, path: string): Map<string, string> {
  const [found] = source.glob(path)
  const text = found === undefined ? '' : (source.enter(found, 0, () => source.read(found)) ?? '')
  const pairs = [...text.matchAll(/^[ \t]*export[ \t]+(\w+)=("?)([^"\n]*)\2[ \t]*$/gm)]
  const own = pairs.map(([, name = '', , value = '']) => [name, value.replaceAll(/\$\{?SUFFIX\}?/g, '')] as const)
  return new Map(own.filter(([, value]) => !/[$`]/.test(value)))
}

interface Line {
  readonly file: string
  readonly line: number
  readonly depth: number
}

function readFile(state: State, path: string, depth: number): void {
  let skipping = 0
  for (const { text, line } of linesOf(state.source.read(path))) {
    const section = /^<(\/?)(\w+)([^>]*)>?$/.exec(text)
    if (section === null) {
      if (skipping === 0) readDirective(state, text, { file: path, line, depth })
      continue
    }
    const [, slash, name = '', argument = ''] = section
    const isEnd = slash === '/'
    if (skipping > 0) skipping += isSkippable(name) ? (isEnd ? -1 : 1) : 0
    else if (!isEnd && isLeftOut(state, name, argument)) skipping = 1
    else readSection(state, isEnd, name, argument)
  }
}

/** With what is continued after a backslash; without comments and empty ones. */
function linesOf(text: string): readonly { readonly text: string; readonly line: number }[] {
  const lines = text.split('\n')
  const found = []
  for (let index = 0; index < lines.length; index += 1) {
    const line = index + 1
    let whole = lines[index] ?? ''
    while (whole.endsWith('\\') && index + 1 < lines.length) whole = whole.slice(0, -1) + (lines[++index] ?? '')
    const trimmed = whole.trim()
    if (trimmed !== '' && !trimmed.startsWith('#')) found.push({ text: trimmed, line })
  }
  return found
}

const isSkippable = (name: string): boolean => /^(IfDefine|Macro)$/i.test(name)

/** Whether a section does not count: what is not defined, and macros, whose text means something only where they are used. */
function isLeftOut(state: State, name: string, argument: string): boolean {
  if (/^Macro$/i.test(name)) return true
  if (!/^IfDefine$/i.test(name)) return false
  const wanted = argument.trim()
  return wanted.startsWith('!') ? state.variables.has(wanted.slice(1).trim()) : !state.variables.has(wanted)
}

function readSection(state: State, isEnd: boolean, name: string, argument: string): void {
  if (!/^VirtualHost$/i.test(name)) return // IfModule and others: what is in them may count
  const [main] = state.scopes
  if (main === undefined) return
  if (!isEnd) {
    const port = /:(\d+)$/.exec(wordsOf(argument)[0] ?? '')?.[1]
    state.scopes.push({ ...newScope(), port: port === undefined ? null : Number(port) })
  } else if (state.scopes.length > 1) {
    const host = state.scopes.pop()
    if (host !== undefined) close(state, host, main)
  }
}

interface Directive {
  readonly state: State
  readonly scope: Scope
  readonly args: readonly string[]
  /** The first argument with its variables. */
  readonly first: string
  readonly at: Line
}

const DIRECTIVES: Readonly<Record<string, (directive: Directive) => void>> = {
  include: ({ state, first, at }) => include(state, first, at.depth + 1),
  includeoptional: ({ state, first, at }) => include(state, first, at.depth + 1),
  define: ({ state, args: [name = '', value = ''] }) => void state.variables.set(name, resolve(state, value)),
  undefine: ({ state, args: [name = ''] }) => void state.variables.delete(name),
  serverroot: ({ state, first }) => void (state.serverRoot = first),
  servername: ({ scope, first }) => void scope.serverNames.push(first.replaceAll(/^\w+:\/\/|:\d+$/g, '')),
  serveralias: ({ state, scope, args }) => void scope.serverNames.push(...args.map((each) => resolve(state, each))),
  sslcertificatefile: ({ scope, first, at: { file, line } }) => void scope.certificates.push({ path: first, file, line }),
  sslcertificatekeyfile: ({ scope, first }) => void scope.keys.push(first),
}

function readDirective(state: State, text: string, at: Line): void {
  const scope = state.scopes.at(-1)
  const [, name = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(text) ?? []
  const args = wordsOf(rest)
  const key = name.toLowerCase()
  if (scope === undefined || !Object.hasOwn(DIRECTIVES, key)) return
  DIRECTIVES[key]?.({ state, scope, args, first: resolve(state, args[0] ?? ''), at })
}

/** A folder stands for all files below it, as httpd has it. */
function include(state: State, pattern: string, depth: number): void {
  const { source } = state
  for (const path of source.glob(toAbsolute(pattern, state.serverRoot))) {
    if (source.isFolder(path)) include(state, `${path}/*`, depth + 1)
    else source.enter(path, depth, () => readFile(state, path, depth))
  }
}

function resolve({ variables }: State, text: string): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (all, name: string) => variables.get(name) ?? all)
}

function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|(\S+)/g)].map(([, double, single, bare]) =>
    (double ?? single ?? bare ?? '').replaceAll(/\\(["'\\])/g, '$1'),
  )
}

/** A host without a certificate of its own has that of the main server, which is reported once, with it. */
function close(state: State, host: Scope, main: Scope): void {
  for (const [index, { path, file, line }] of host.certificates.entries()) {
    const key = host.keys[index] ?? host.keys[0] ?? main.keys[0]
    const problem = problemOf(path) ?? problemOf(key ?? '')
    const toPath = (text: string) => (problemOf(text) === null ? toAbsolute(text, state.serverRoot) : text)
    state.found.push({
      server: 'apache',
      file,
      line,
      certificatePath: toPath(path),
      keyPath: key === undefined ? null : toPath(key),
      serverNames: host.serverNames.length > 0 ? host.serverNames : main.serverNames,
      port: host.port,
      problem,
    })
  }
}

function problemOf(path: string): FindingProblem | null {
  if (/\$\{\w+\}|%\{/.test(path)) return 'variable'
  return /^pkcs11:/i.test(path) ? 'notAFile' : null
}
