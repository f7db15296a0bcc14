/**
 * Finds the certificate that a person means: by id, unique beginning of an id, name or domain.
 *
 * @module
 */
import type { CertificateDetail, CertificateView } from '@evercert/contract'
import { ApiProblem, type Client } from '@evercert/contract/client'
import { toAscii } from '@evercert/pki/probe'
import { failure } from './failure.ts'
import type { Say } from './language.ts'

/** Pages of 200 that are looked through for the beginning of an id; beyond, the id must be written out. */
const MAX_PAGES = 25
const PAGE_SIZE = 200
const SHORTEST_PREFIX = 4

/** What the help says of the argument. */
export function certificateArgument(say: Say): string {
  return say('id, unique beginning of an id, name or domain', '编号、编号的唯一前缀、名称或域名')
}

/**
 * A name or domain stands for a whole chain of renewals: its newest link is meant. An id means exactly that certificate.
 *
 * @throws CliFailure `notFound`, or `invalid` when the argument could mean several certificates
 */
export async function findCertificate(client: Client, wanted: string): Promise<CertificateDetail> {
  const exact = await findById(client, wanted)
  if (exact !== null) return exact
  const chosen = chooseCertificate(wanted, await loadCandidates(client, wanted))
  const certificate = await client.certificates.get({ id: chosen.id })
  return chosen.id.startsWith(wanted) ? certificate : followRenewals(client, certificate)
}

/**
 * For what ends or changes one certificate: a name means the one that has it, never its successor, and a domain only where a single
 * certificate has it.
 *
 * @throws CliFailure `notFound`, or `invalid` when the argument could mean several certificates
 */
export async function findExactly(client: Client, wanted: string): Promise<CertificateDetail> {
  const exact = await findById(client, wanted)
  if (exact !== null) return exact
  const { id } = chooseOnly(wanted, matchesOf(wanted, await loadCandidates(client, wanted)))
  return client.certificates.get({ id })
}

/**
 * A renewal has a name of its own, so the name of a site's first certificate would stand for that one for ever, and a script that
 * renews by name would find it served already while its successor expires.
 */
async function followRenewals(client: Client, first: CertificateDetail): Promise<CertificateDetail> {
  const seen = new Set<string>()
  let newest = first
  while (newest.renewedByCertificateId !== null && !seen.has(newest.id)) {
    seen.add(newest.id)
    newest = await client.certificates.get({ id: newest.renewedByCertificateId })
  }
  return newest
}

async function findById(client: Client, id: string): Promise<CertificateDetail | null> {
  if (!/^[\w-]{1,64}$/.test(id)) return null
  try {
    return await client.certificates.get({ id })
  } catch (error) {
    if (error instanceof ApiProblem && (error.problem.code === 'notFound' || error.problem.code === 'invalid')) return null
    throw error
  }
}

async function loadCandidates(client: Client, wanted: string): Promise<readonly CertificateView[]> {
  const found = await loadPages(client, { search: wanted.slice(0, 253) })
  if (matchesOf(wanted, found).length > 0 || !isPrefix(wanted)) return found
  return loadPages(client, {})
}

async function loadPages(client: Client, filter: { readonly search?: string }): Promise<readonly CertificateView[]> {
  const items: CertificateView[] = []
  let cursor: string | null = null
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer: { items: CertificateView[]; nextCursor: string | null } = await client.certificates.list({
      ...filter,
      limit: PAGE_SIZE,
      ...(cursor === null ? {} : { cursor }),
    })
    items.push(...answer.items)
    cursor = answer.nextCursor
    if (cursor === null) break
  }
  return items
}

/** Pure: picks among the candidates, or says why it cannot. */
export function chooseCertificate(wanted: string, candidates: readonly CertificateView[]): CertificateView {
  return chooseOnly(wanted, newestLinks(matchesOf(wanted, candidates)))
}

function chooseOnly(wanted: string, matches: readonly CertificateView[]): CertificateView {
  const [only, ...others] = matches
  if (only === undefined) throw nothingFound(wanted)
  if (others.length > 0) throw ambiguous(wanted, matches)
  return only
}

/** The first way of meaning a certificate that gives any. */
function matchesOf(wanted: string, candidates: readonly CertificateView[]): readonly CertificateView[] {
  const domain = toAscii(wanted) || wanted.toLowerCase()
  const ways: readonly ((candidate: CertificateView) => boolean)[] = [
    (candidate) => candidate.id === wanted,
    (candidate) => candidate.name === wanted,
    (candidate) => candidate.domains.includes(domain),
    (candidate) => isPrefix(wanted) && candidate.id.startsWith(wanted),
  ]
  for (const means of ways) {
    const matches = candidates.filter(means)
    if (matches.length > 0) return matches
  }
  return []
}

function isPrefix(text: string): boolean {
  return text.length >= SHORTEST_PREFIX && /^[\w-]+$/.test(text)
}

/** Leaves out what another one of them renews. */
function newestLinks(matches: readonly CertificateView[]): readonly CertificateView[] {
  const renewed = new Set(matches.map((match) => match.renewsCertificateId))
  return matches.filter((match) => !renewed.has(match.id))
}

function nothingFound(wanted: string): Error {
  return failure(
    'notFound',
    {
      en: `Looking for the certificate "${wanted}": no id, name or domain is like that: see "evercert list".`,
      zh: `查找证书 “${wanted}”：没有相符的编号、名称或域名。`,
    },
    {
      cause: { en: 'No certificate has this id, name or domain.', zh: '没有证书使用此编号、名称或域名。' },
      remedy: { en: 'Look it up with "evercert list".', zh: '请用 “evercert list” 查看。' },
    },
  )
}

function ambiguous(wanted: string, matches: readonly CertificateView[]): Error {
  const ids = matches.map((match) => match.id)
  return failure(
    'invalid',
    {
      en: `Looking for the certificate "${wanted}": ${ids.length} are like that (${ids.join(', ')}): give the id.`,
      zh: `查找证书 “${wanted}”：有 ${ids.length} 张相符（${ids.join('、')}）。`,
    },
    {
      facts: { matches: ids },
      cause: { en: `"${wanted}" could mean ${ids.length} certificates.`, zh: `“${wanted}” 可能指 ${ids.length} 张证书。` },
      remedy: { en: 'Give the id of one of them.', zh: '请指定其中一张的编号。' },
    },
  )
}

/** What belongs to the certificate that is named; everything when none is. */
export async function ofCertificate<
  Item extends { readonly certificateId: string },
  Page extends { readonly items: readonly Item[] },
>(client: Client, wanted: string | undefined, page: Page & { readonly items: readonly Item[] }): Promise<Page> {
  if (wanted === undefined) return page
  const { id } = await findCertificate(client, wanted)
  return { ...page, items: page.items.filter(({ certificateId }) => certificateId === id) }
}
