/**
 * `evercert discover`: finds endpoints through the service, in requests of bounded size.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { MAX_DISCOVERED_AT_ONCE, type CandidateView, type DiscoveryRequest } from '@evercert/contract'
import { ApiProblem, type Client } from '@evercert/contract/client'
import type { EndpointProtocol } from '@evercert/pki/probe'
import { reasonOf, wrongUsage } from '../failure.ts'
import { findCertificate } from '../find-certificate.ts'
import { createProgress, progressStream } from '../progress.ts'
import type { Session } from '../session.ts'
import { formatCandidates } from './candidates.ts'

export interface DiscoverOptions {
  readonly from?: string
  readonly certificate?: string
  readonly range?: string
  readonly ports?: string
  readonly protocol?: EndpointProtocol
  readonly accept?: boolean
}

/** With `--accept`, what belongs to a certificate becomes its endpoint at once. */
export async function discoverCommand(session: Session, names: readonly string[], options: DiscoverOptions): Promise<number> {
  const client = await session.client()
  const requests = await toRequests(client, names, options)
  const progress = createProgress({ stream: progressStream(session, session.shell.stderr), env: session.shell.env })
  const [items, totals]: [CandidateView[], { looked: number; silent: number; known: number }] = [
    [],
    { looked: 0, silent: 0, known: 0 },
  ]
  await progress.step({ name: 'discover', label: session.say('looking for endpoints', '正在发现站点') }, async () => {
    for (const [index, request] of requests.entries()) {
      progress.hint(`${index + 1}/${requests.length}`)
      const found = await client.discovery.look(request)
      items.push(...found.items)
      for (const name of ['looked', 'silent', 'known'] as const) totals[name] += found[name]
    }
  })
  const accepted = options.accept === true ? await acceptAll(client, items) : []
  session.document({ ...totals, items, accepted })
  session.print(...format(session, items, totals, accepted.length))
  return 0
}

async function toRequests(
  client: Client,
  names: readonly string[],
  options: DiscoverOptions,
): Promise<readonly DiscoveryRequest[]> {
  const { from, certificate, range, protocol } = options
  const ports = options.ports === undefined ? [] : options.ports.split(',').map(readPort)
  const common = { ports, ...(protocol === undefined ? {} : { protocol }) }
  const listed = from === undefined ? [] : await readNames(from)
  const all = [...new Set([...names, ...listed])]
  const size = Math.floor(MAX_DISCOVERED_AT_ONCE / Math.max(1, ports.length))
  const requests: DiscoveryRequest[] = []
  for (let at = 0; at < all.length; at += size) requests.push({ ...common, names: all.slice(at, at + size) })
  if (certificate !== undefined) requests.push({ ...common, certificateId: (await findCertificate(client, certificate)).id })
  if (range !== undefined) requests.push({ ...common, range })
  if (requests.length > 0) return requests
  throw wrongUsage('invalid', {
    en: 'Looking for endpoints: nothing is named: give names, --from, --certificate or --range.',
    zh: '发现站点：未指定范围，请提供域名、--from、--certificate 或 --range。',
  })
}

function readPort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port
  throw wrongUsage('invalid', {
    en: `Reading --ports: "${text}" is no port: give numbers separated by commas.`,
    zh: `读取 --ports：“${text}” 不是端口，请填写以逗号分隔的数字。`,
  })
}

async function readNames(path: string): Promise<readonly string[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw wrongUsage('invalid', {
      en: `Reading --from: ${path}: ${reasonOf(error)}: give a text file.`,
      zh: `读取 --from：${path}：${reasonOf(error)}，请提供文本文件。`,
    })
  })
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '')
}

/** One that became an endpoint meanwhile is none of ours. */
async function acceptAll(client: Client, items: readonly CandidateView[]): Promise<string[]> {
  const accepted: string[] = []
  for (const { id, certificateId } of items) {
    if (certificateId === null) continue
    try {
      accepted.push((await client.discovery.accept({ id })).id)
    } catch (error) {
      if (!(error instanceof ApiProblem && error.problem.code === 'duplicateName')) throw error
    }
  }
  return accepted
}

function format(
  session: Session,
  items: readonly CandidateView[],
  totals: { readonly looked: number; readonly silent: number; readonly known: number },
  accepted: number,
): string[] {
  const summary = session.say(
    `${totals.looked} looked at: ${items.length} found, ${totals.known} known already, ${totals.silent} without a certificate; ${accepted} accepted`,
    `共探测 ${totals.looked} 个：发现 ${items.length} 个，已有 ${totals.known} 个，无证书 ${totals.silent} 个；已采纳 ${accepted} 个`,
  )
  return [...(items.length === 0 ? [] : [...formatCandidates(session, items), '']), summary]
}
