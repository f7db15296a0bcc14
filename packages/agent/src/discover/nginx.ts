/**
 * Certificates in nginx configurations: `ssl_certificate` in `http`, `server`, `stream` and `mail`, through includes, inherited as nginx does.
 *
 * @module
 */
import type { FindingProblem } from '@evercert/contract'
import { folderOf, toAbsolute, type Named, type Source } from './source.ts'

interface Directive {
  readonly name: string
  readonly args: readonly string[]
  readonly file: string
  readonly line: number
  readonly block: readonly Directive[] | null
}

/** Nothing else is kept: a large host has thousands of other lines. */
const WANTED = new Set(['ssl_certificate', 'ssl_certificate_key', 'listen', 'server_name'])

function isWanted(name: string, block: unknown): boolean {
  return block !== null || WANTED.has(name)
}

interface Token {
  readonly text: string
  readonly line: number
  readonly isQuoted: boolean
}

export function discoverNginx(source: Source, path: string): readonly Named[] {
  const directives = source.enter(path, 0, () => parseFile(source, path, { prefix: folderOf(path), depth: 0 })) ?? []
  return walk(directives, { prefix: folderOf(path), inherited: NOTHING })
}

interface Place {
  /** Relative paths start here: the folder of the main file. */
  readonly prefix: string
  readonly depth: number
}

function parseFile(source: Source, path: string, place: Place): readonly Directive[] {
  return parseBlock(tokenize(source.read(path)), { source, file: path, place }, true)
}

interface Parsing {
  readonly source: Source
  readonly file: string
  readonly place: Place
}

function parseBlock(tokens: Iterator<Token>, parsing: Parsing, isTop: boolean): readonly Directive[] {
  const found: Directive[] = []
  let words: Token[] = []
  for (;;) {
    const { done, value: token } = tokens.next() as IteratorResult<Token, undefined>
    if (done === true) {
      if (!isTop) throw new Error('a block is not closed')
      return found
    }
    if (token.isQuoted || !/^[;{}]$/.test(token.text)) {
      words.push(token)
      continue
    }
    if (token.text === '}') {
      if (isTop) throw new Error(`line ${token.line}: a block is closed that was not opened`)
      return found
    }
    const [first, ...rest] = words
    words = []
    const block = token.text === '{' ? parseBlock(tokens, parsing, false) : null
    if (first === undefined) continue
    const args = rest.map(({ text }) => text)
    if (first.text === 'include' && block === null) found.push(...includeFiles(parsing, args[0] ?? ''))
    else if (isWanted(first.text, block)) found.push({ name: first.text, args, file: parsing.file, line: first.line, block })
  }
}

function includeFiles({ source, place }: Parsing, pattern: string): readonly Directive[] {
  const depth = place.depth + 1
  return source
    .glob(toAbsolute(pattern, place.prefix))
    .flatMap((path) => source.enter(path, depth, () => parseFile(source, path, { ...place, depth })) ?? [])
}

/** Words, `;`, `{` and `}`; comments are left out. A brace within `${…}` is part of the word. */
function* tokenize(text: string): Generator<Token, undefined> {
  let line = 1
  for (const match of text.matchAll(
    /\n|#[^\n]*|"((?:[^"\\]|\\[^])*)"|'((?:[^'\\]|\\[^])*)'|[;{}]|(?:\\[^]|\$\{[^}\s]*\}|[^\s;{}"'#\\]|(?<=[^\s;{}])["'#])+|\\/g,
  )) {
    const [all, double, single] = match
    if (all === '\n') line += 1
    else if (!all.startsWith('#')) {
      const quoted = double ?? single
      const word = quoted ?? all
      yield { text: word.replaceAll(/\\(["'\\ ])/g, '$1'), line, isQuoted: quoted !== undefined }
      line += all.split('\n').length - 1
    }
  }
}

/** What a server block has from the block around it, unless it says otherwise. */
interface Inherited {
  readonly certificates: readonly Directive[]
  readonly keys: readonly Directive[]
}

const NOTHING: Inherited = { certificates: [], keys: [] }

interface Walk {
  readonly prefix: string
  readonly inherited: Inherited
}

function walk(directives: readonly Directive[], { prefix, inherited }: Walk): readonly Named[] {
  const own = (name: string, from: readonly Directive[]) => {
    const here = directives.filter((one) => one.name === name)
    return here.length > 0 ? here : from
  }
  const now: Inherited = {
    certificates: own('ssl_certificate', inherited.certificates),
    keys: own('ssl_certificate_key', inherited.keys),
  }
  return directives.flatMap(({ name, block }) => {
    if (block === null) return []
    return name === 'server' ? serverOf(block, { prefix, inherited: now }) : walk(block, { prefix, inherited: now })
  })
}

function serverOf(block: readonly Directive[], { prefix, inherited }: Walk): readonly Named[] {
  const directives = (name: string) => block.filter((one) => one.name === name)
  const [own, ownKeys] = [directives('ssl_certificate'), directives('ssl_certificate_key')]
  const certificates = own.length > 0 ? own : inherited.certificates
  const keys = ownKeys.length > 0 ? ownKeys : inherited.keys
  const listens = directives('listen').map(({ args }) => args)
  const tls = listens.find((args) => args.includes('ssl') || args.includes('quic'))
  // Inherited only: a server that speaks no TLS uses none.
  if (own.length === 0 && tls === undefined) return []
  const serverNames = directives('server_name').flatMap(({ args }) => args.filter((one) => one !== '' && one !== '_'))
  return certificates.map((certificate, index) => {
    const key = keys[index] ?? keys[0]
    const written = certificate.args[0] ?? ''
    const problem = problemOf(written) ?? problemOf(key?.args[0] ?? '')
    const toPath = (text: string) => (problemOf(text) === null ? toAbsolute(text, prefix) : text)
    return {
      server: 'nginx',
      file: certificate.file,
      line: certificate.line,
      certificatePath: toPath(written),
      keyPath: key === undefined ? null : toPath(key.args[0] ?? ''),
      serverNames,
      port: portOf(tls?.[0] ?? listens[0]?.[0]),
      problem,
    }
  })
}

function problemOf(written: string): FindingProblem | null {
  if (/\$\{?\w/.test(written)) return 'variable'
  return /^(data|engine|store):/.test(written) ? 'notAFile' : null
}

function portOf(listen: string | undefined): number | null {
  if (listen === undefined || listen.startsWith('unix:')) return null
  const port = /^(?:.*:)?(\d+)$/.exec(listen)?.[1]
  return port === undefined ? 80 : Number(port)
}
