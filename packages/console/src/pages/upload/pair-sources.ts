/**
 * Certificates with their keys and intermediates, out of files in any order and under any names.
 *
 * @module
 */
import type { CertificateBlock, KeyBlock, Source } from './read-pem.ts'

/** A certificate to upload. */
export interface Draft {
  readonly id: string
  /** What it would be called unless somebody says otherwise; 1 to 64 characters. */
  readonly suggestedName: string
  readonly domains: readonly string[]
  /** Epoch milliseconds. */
  readonly notAfter: number
  /** Leaf first, then what intermediates there are, in order. */
  readonly certificatePem: string
  /** Null: no key that was given belongs to it. */
  readonly privateKeyPem: string | null
  /** The files that it was put together from, and those that give it once more. */
  readonly sources: readonly string[]
}

export interface Pairing {
  readonly drafts: readonly Draft[]
  /** Files with a key that belongs to none of the certificates. */
  readonly looseKeys: readonly string[]
  /** Files with a CA's certificate that is not uploaded: no key of it was given, and none of the certificates comes from it. */
  readonly looseAuthorities: readonly string[]
}

export const MAX_NAME_LENGTH = 64
const MAX_INTERMEDIATES = 8

interface Placed<Block> {
  readonly block: Block
  readonly source: string
}

export function pairSources(sources: readonly Source[]): Pairing {
  const keys = sources.flatMap(({ name, keys: blocks }) => blocks.map((block) => ({ block, source: name })))
  const given = sources.flatMap(({ name, certificates: blocks }) => blocks.map((block) => ({ block, source: name })))
  const certificates = firstOfEach(given)
  const filesOf = Map.groupBy(given, ({ block }) => block.id)
  const bySubject = Map.groupBy(certificates, ({ block }) => block.subject)
  const keyByMark = new Map(keys.map((key) => [key.block.keyMark, key]))
  const unmarked = keys.filter(({ block }) => block.keyMark === null)
  const used = new Set<KeyBlock>()
  const issuing = new Set(certificates.flatMap(({ block }) => (block.issuer === block.subject ? [] : [block.issuer])))
  const drafts: Draft[] = []
  const looseAuthorities = new Set<string>()
  for (const leaf of certificates) {
    const byName = leaf.block.isCa ? undefined : unmarked.find(({ source }) => stemOf(source) === stemOf(leaf.source))
    const key = keyByMark.get(leaf.block.keyMark) ?? byName
    if (key === undefined && leaf.block.isCa) {
      if (!issuing.has(leaf.block.subject)) looseAuthorities.add(leaf.source)
      continue // an intermediate or a root
    }
    if (key !== undefined) used.add(key.block)
    drafts.push(toDraft(filesOf.get(leaf.block.id) ?? [leaf], leaf, key ?? null, intermediatesOf(leaf, bySubject)))
  }
  const loose = keys.filter(({ block }) => !used.has(block)).map(({ source }) => source)
  return { drafts: withOwnNames(drafts), looseKeys: [...new Set(loose)], looseAuthorities: [...looseAuthorities] }
}

function firstOfEach(certificates: readonly Placed<CertificateBlock>[]): Placed<CertificateBlock>[] {
  return [...new Map(certificates.toReversed().map((each) => [each.block.id, each])).values()].toReversed()
}

/** Without the root: servers do not send it. Of several with the same name the one of the leaf's own file is taken. */
function intermediatesOf(
  leaf: Placed<CertificateBlock>,
  bySubject: ReadonlyMap<string, readonly Placed<CertificateBlock>[]>,
): Placed<CertificateBlock>[] {
  const chain: Placed<CertificateBlock>[] = []
  let last = leaf.block
  while (chain.length < MAX_INTERMEDIATES && last.issuer !== last.subject) {
    const issuers = bySubject.get(last.issuer) ?? []
    const next = issuers.find(({ source }) => source === leaf.source) ?? issuers[0]
    if (next === undefined || next.block.issuer === next.block.subject || chain.includes(next)) break
    chain.push(next)
    last = next.block
  }
  return chain
}

/** @param given the leaf once more for each file that it is in */
function toDraft(
  given: readonly Placed<CertificateBlock>[],
  leaf: Placed<CertificateBlock>,
  key: Placed<KeyBlock> | null,
  intermediates: readonly Placed<CertificateBlock>[],
): Draft {
  const { id, domains, commonName, notAfter } = leaf.block
  const files = [...given, ...(key === null ? [] : [key]), ...intermediates]
  return {
    id,
    suggestedName: (domains[0] ?? commonName ?? stemOf(leaf.source)).slice(0, MAX_NAME_LENGTH),
    domains,
    notAfter,
    certificatePem: [leaf, ...intermediates].map(({ block }) => block.pem).join(''),
    privateKeyPem: key?.block.pem ?? null,
    sources: [...new Set(files.map(({ source }) => source))],
  }
}

/** Two certificates for one domain get names that differ. */
function withOwnNames(drafts: readonly Draft[]): Draft[] {
  const taken = new Set<string>()
  return drafts.map((draft) => {
    let name = draft.suggestedName
    for (let count = 2; taken.has(name); count += 1) {
      const mark = ` (${count})`
      name = `${draft.suggestedName.slice(0, MAX_NAME_LENGTH - mark.length)}${mark}`
    }
    taken.add(name)
    return { ...draft, suggestedName: name }
  })
}

/** `shop.crt`, `shop.key` and `shop-chain.pem` have one stem. */
function stemOf(name: string): string {
  return name.replace(/\.\w+$/, '').replace(/[-_.](key|cert|chain|fullchain|bundle|public)$/i, '')
}
