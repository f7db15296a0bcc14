/**
 * `evercert verify --from`: many hosts, some at once, as a table, CSV or JSON.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { isInOrder, type AddressVerification, type EndpointProtocol, type HostVerification } from '@evercert/pki/probe'
import { CliFailure, reasonOf, wrongUsage } from '../failure.ts'
import { pick } from '../language.ts'
import { clean, createPaint, formatTable, type Cell } from '../output.ts'
import type { Session } from '../session.ts'
import { parseSite, type Site } from '../site.ts'
import { toDocument } from '../verification-document.ts'
import { wordFor } from '../words.ts'

export interface VerifyManyOptions {
  readonly from?: string
  readonly concurrency?: string
  readonly csv?: boolean
  readonly protocol?: EndpointProtocol
}

const MOST_HOSTS = 100_000
const DEFAULT_CONCURRENCY = 32
const MOST_AT_ONCE = 512
const DAY_MS = 86_400_000
const CSV_HEADER = ['host', 'port', 'protocol', 'address', 'key', 'verdict', 'days_left', 'not_after', 'sha256', 'cause']

type Look = (site: Site) => Promise<HostVerification>

/** Exit code 1 when one address of one host is not in order. @throws CliFailure `invalid` */
export async function verifyMany(session: Session, options: VerifyManyOptions, look: Look): Promise<number> {
  const sites = await readSites(options.from ?? '', options.protocol)
  const concurrency = readConcurrency(options.concurrency)
  const bar = createBar(session, sites.length)
  const results: HostVerification[] = []
  if (options.csv === true) session.print(CSV_HEADER.join(','))
  const queue = sites.entries()
  const lane = async (): Promise<void> => {
    for (const [index, site] of queue) {
      const result = await look(site)
      if (options.csv === true) session.print(...toRows(session, result).map((row) => row.map(csvCell).join(',')))
      results[index] = result
      bar.add(result.ok)
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, sites.length) }, lane))
  bar.end()
  const wrong = results.filter(({ ok }) => !ok).length
  session.document({ hosts: results.length, wrong, items: results.map((result) => toDocument(result)) })
  if (options.csv !== true) session.print(...formatResults(session, results, wrong))
  return wrong === 0 ? 0 : 1
}

/** One site on a line; what begins with `#` is a comment, and a site that is there twice counts once. */
async function readSites(path: string, protocol: EndpointProtocol | undefined): Promise<readonly Site[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw wrongUsage('invalid', {
      en: `Reading --from: ${path}: ${reasonOf(error)}: give a text file.`,
      zh: `读取 --from：${path}：${reasonOf(error)}，请提供文本文件。`,
    })
  })
  const lines = text.split(/\r?\n/).map((line) => line.replace(/#.*$/, '').trim())
  const sites = new Map<string, Site>()
  for (const [index, line] of lines.entries()) {
    if (line === '') continue
    const site = parseLine(line, index + 1, protocol)
    sites.set(`${site.protocol} ${site.host.toLowerCase()} ${site.port}`, site)
  }
  if (sites.size > 0 && sites.size <= MOST_HOSTS) return [...sites.values()]
  throw wrongUsage('invalid', {
    en: `Reading --from: ${path} names ${sites.size} sites: give 1 to ${MOST_HOSTS}, one on a line.`,
    zh: `读取 --from：${path} 列出了 ${sites.size} 个站点，请提供 1 到 ${MOST_HOSTS} 个，每行一个。`,
  })
}

function parseLine(line: string, number: number, protocol: EndpointProtocol | undefined): Site {
  try {
    return parseSite(line, protocol)
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error
    throw wrongUsage('invalid', {
      en: `Reading --from, line ${number}: "${clean(line).slice(0, 80)}" is not host or host:port: correct it.`,
      zh: `读取 --from 第 ${number} 行：“${clean(line).slice(0, 80)}” 不是“主机”或“主机:端口”，请修正。`,
    })
  }
}

function readConcurrency(text: string | undefined): number {
  const count = text === undefined ? DEFAULT_CONCURRENCY : Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= MOST_AT_ONCE) return count
  throw wrongUsage('invalid', {
    en: `Reading --concurrency: "${text}" is not a number from 1 to ${MOST_AT_ONCE}.`,
    zh: `读取 --concurrency：“${text}” 不是 1 到 ${MOST_AT_ONCE} 之间的数。`,
  })
}

/** A row for each certificate that an address serves; one for a host without address. */
function toRows(session: Session, result: HostVerification): string[][] {
  const { host, port, protocol, unresolved } = result
  const place = [host, String(port), protocol]
  if (unresolved !== null) return [[...place, '', '', 'unreachable', '', '', '', pick(unresolved.cause, session.language)]]
  return result.addresses.flatMap((address) =>
    [address, ...(address.other === null ? [] : [{ ...address, ...address.other }])].map((each) => [
      ...place,
      ...describe(session, each),
    ]),
  )
}

function describe({ language, shell }: Session, seen: AddressVerification): string[] {
  const { address, verdict, observation, cause } = seen
  if (!observation.reachable) return [address, '', verdict, '', '', '', pick(cause, language)]
  const [leaf] = observation.chain
  const daysLeft = String(Math.floor((leaf.notAfter - shell.now()) / DAY_MS))
  const notAfter = new Date(leaf.notAfter).toISOString()
  return [address, leaf.keyKind, verdict, daysLeft, notAfter, leaf.sha256, pick(cause, language)]
}

/** What a spreadsheet would take for a formula gets an apostrophe in front. */
function csvCell(text: string): string {
  const line = clean(text)
  const safe = /^[=+\-@\t\r]/.test(line) && !/^-?\d+$/.test(line) ? `'${line}` : line
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function formatResults(session: Session, results: readonly HostVerification[], wrong: number): string[] {
  const { say, paint } = session
  const header = [
    say('site', '站点'),
    say('address', '地址'),
    say('verdict', '结论'),
    say('days left', '剩余天数'),
    say('cause', '原因'),
  ]
  const rows = results.flatMap((result) =>
    toRows(session, result).map(
      ([host = '', port, protocol = '', address = '', key, verdict = '', daysLeft = '', , , cause = '']): Cell[] => {
        const good = verdict === 'served'
        const site = `${protocol === 'tls' ? '' : `${protocol}://`}${host}:${port}`
        const where = key === '' ? address : `${address} (${key})`
        return [
          { text: site },
          { text: where },
          { text: wordFor('verdict', verdict, session.language), colour: good ? 'green' : 'red' },
          { text: daysLeft },
          { text: good ? '' : cause },
        ]
      },
    ),
  )
  const addresses = results.flatMap((result) => result.addresses)
  const inOrder = addresses.filter(isInOrder).length
  const summary = say(
    `${results.length - wrong} of ${results.length} hosts are in order (${inOrder} of ${addresses.length} addresses)`,
    `${results.length} 个主机中 ${results.length - wrong} 个正常（${addresses.length} 个地址中 ${inOrder} 个正常）`,
  )
  const table = formatTable(header, rows, { paint, columns: session.columns, shrink: header.length - 1 })
  return [...table, '', paint(wrong === 0 ? 'green' : 'red', summary)]
}

const BAR_COLUMNS = 30
/** For the figures behind it: a line that is wider than the terminal would not be one that moves. */
const FIGURES_COLUMNS = 32
const DRAW_EVERY_MS = 100

/** One moving line on a terminal; nothing elsewhere. */
function createBar({ shell, say }: Session, total: number): { add(ok: boolean): void; end(): void } {
  const { stderr, env } = shell
  const isShown = stderr.isTTY === true && env['TERM'] !== 'dumb'
  const paint = createPaint(stderr, env)
  let done = 0
  let wrong = 0
  let drawnAt = 0
  const draw = (): void => {
    const columns = Math.max(0, Math.min(BAR_COLUMNS, (stderr.columns || 80) - FIGURES_COLUMNS))
    const filled = Math.round((done / total) * columns)
    const faults = wrong === 0 ? '' : paint('red', say(`  ${wrong} wrong`, `  ${wrong} 个异常`))
    stderr.write(`\r\u001B[2K${paint('cyan', '█'.repeat(filled))}${'░'.repeat(columns - filled)} ${done}/${total}${faults}`)
  }
  return {
    add: (ok) => {
      done += 1
      if (!ok) wrong += 1
      if (!isShown || (performance.now() - drawnAt < DRAW_EVERY_MS && done < total)) return
      drawnAt = performance.now()
      draw()
    },
    end: () => {
      if (isShown) stderr.write('\r\u001B[2K')
    },
  }
}
