/**
 * Certificates in HAProxy configurations: `crt` and `crt-list` of `bind` lines, folders of them, `crt-base` and `crt-store`.
 *
 * @module
 */
import type { FindingProblem } from '@evercert/contract'
import { toAbsolute, type Named, type Source } from './source.ts'

interface State {
  readonly source: Source
  crtBase: string | null
  /** What `setenv` and `presetenv` say; those of the process nobody knows here. */
  readonly variables: Map<string, string>
  readonly found: Named[]
}

/** @param path a file, or a folder of `*.cfg` */
export function discoverHaproxy(source: Source, path: string): readonly Named[] {
  const state: State = { source, crtBase: null, variables: new Map(), found: [] }
  const files = source.isFolder(path) ? source.glob(`${path}/*.cfg`) : source.glob(path)
  for (const file of files) source.enter(file, 0, () => readFile(state, file))
  return state.found
}

function readFile(state: State, file: string): void {
  let section = ''
  for (const [index, text] of state.source.read(file).split('\n').entries()) {
    const words = wordsOf(text, state.variables)
    const [first = '', name = ''] = words
    const at = { file, line: index + 1 }
    if (/^(global|defaults|frontend|listen|backend|crt-store|userlist|peers|resolvers|mailers|program|cache|ring)$/.test(first))
      section = first
    if (section === 'global') readVariable(state.variables, first, [name, words[2] ?? ''])
    if (first === 'crt-base' && section !== 'crt-store') state.crtBase = name === '' ? null : name
    if (first === 'bind') readBind(state, words, at)
    if (first === 'load' && section === 'crt-store') readLoad(state, words, at)
  }
}

function readVariable(variables: Map<string, string>, keyword: string, [name, value]: readonly [string, string]): void {
  if (keyword === 'setenv' || (keyword === 'presetenv' && !variables.has(name))) variables.set(name, value)
  if (keyword === 'unsetenv') variables.delete(name)
  if (keyword === 'resetenv') variables.clear()
}

interface At {
  readonly file: string
  readonly line: number
}

function readBind(state: State, words: readonly string[], at: At): void {
  const port = Number(/:(\d+)$/.exec((words[1] ?? '').split(',')[0] ?? '')?.[1] ?? Number.NaN)
  const where = { ...at, port: Number.isNaN(port) ? null : port }
  for (const [index, word] of words.entries()) {
    const value = words[index + 1]
    if (value === undefined) continue
    if (word === 'crt') readCertificate(state, value, { ...where, serverNames: [] })
    if (word === 'crt-list') readList(state, value, where)
  }
}

function readLoad(state: State, words: readonly string[], at: At): void {
  const valueOf = (name: string) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined)
  const path = valueOf('crt')
  const key = valueOf('key')
  if (path === undefined) return
  add(state, path, { ...at, port: null, serverNames: [], ...(key !== undefined && { key }) })
}

interface Where extends At {
  readonly port: number | null
  readonly serverNames: readonly string[]
  readonly key?: string
}

/** Beside a certificate, and none themselves. */
const COMPANION = /\.(key|ocsp|sctl|issuer)$/

function readCertificate(state: State, written: string, where: Where): void {
  const { source } = state
  const path = toAbsolute(written, state.crtBase ?? '/')
  if (problemOf(written) !== null || !source.isFolder(path)) {
    const bundle = problemOf(written) === null && source.glob(path).length === 0 ? bundleOf(source, path) : []
    for (const file of bundle.length === 0 ? [written] : bundle) add(state, file, where)
    return
  }
  for (const file of source.glob(`${path}/*`)) {
    if (!COMPANION.test(file) && !source.isFolder(file)) add(state, file, where)
  }
}

/** Without the file itself, HAProxy looks for one for each kind of key (ssl-load-extra-files bundle). */
function bundleOf(source: Source, path: string): readonly string[] {
  return ['rsa', 'ecdsa', 'dsa'].flatMap((kind) => source.glob(`${path}.${kind}`))
}

/** One line each: `file [options] filter…`; a filter that begins with `!` takes names out. */
function readList(state: State, written: string, { port }: Pick<Where, 'port' | 'file' | 'line'>): void {
  const { source } = state
  const path = toAbsolute(written, '/')
  source.enter(path, 1, () => {
    for (const [index, text] of source.read(path).split('\n').entries()) {
      const [certificate, ...filters] = wordsOf(text.replaceAll(/\[[^\]]*\]/g, ' '), NONE)
      if (certificate === undefined) continue
      const serverNames = filters.filter((filter) => !filter.startsWith('!'))
      readCertificate(state, certificate, { file: path, line: index + 1, port, serverNames })
    }
  })
}

function add(state: State, written: string, { file, line, port, serverNames, key }: Where): void {
  const problem = problemOf(written)
  const certificatePath = problem === null ? toAbsolute(written, state.crtBase ?? '/') : written
  const beside = problem === null ? state.source.glob(`${certificatePath}.key`)[0] : undefined
  const keyPath = key === undefined ? (beside ?? null) : toAbsolute(key, state.crtBase ?? '/')
  state.found.push({ server: 'haproxy', file, line, certificatePath, keyPath, serverNames, port, problem })
}

function problemOf(path: string): FindingProblem | null {
  if (/\$\{?\w/.test(path)) return 'variable'
  return path.startsWith('@') ? 'notAFile' : null
}

const NONE: ReadonlyMap<string, string> = new Map()

/** `#` begins a comment; quotes and backslashes as HAProxy reads them, and variables within double quotes alone. What is not known stays as it is written. */
function wordsOf(text: string, variables: ReadonlyMap<string, string>): readonly string[] {
  const expanded = (quoted: string): string =>
    quoted.replaceAll(
      /\$(?:\{(\w+)\}|(\w+))/g,
      (all, braced?: string, bare?: string) => variables.get(braced ?? bare ?? '') ?? all,
    )
  const all = [...text.matchAll(/#.*|(?:\\.|"[^"]*"?|'[^']*'?|[^\s#"'\\])+/g)].map(([word]) => word)
  return all
    .filter((word) => !word.startsWith('#'))
    .map((word) =>
      word.replaceAll(
        /\\(.)|"([^"]*)"?|'([^']*)'?/g,
        (_all, escaped?: string, double?: string, single?: string) =>
          escaped ?? (double === undefined ? undefined : expanded(double)) ?? single ?? '',
      ),
    )
}
