/**
 * Certificates and keys of files with any names: paired by their public keys, chains completed by whatever intermediates are there.
 *
 * A pair goes out as soon as it is whole. What is kept until the end is keys, since one key may serve several certificates, and what
 * still lacks its other half.
 *
 * @module
 */
import { basename, extname } from 'node:path'
import {
  loadPrivateKey,
  orderChain,
  parseCertificate,
  parsePem,
  PkiError,
  toPem,
  type CertificateFacts,
  type PemBlock,
} from '@evercert/pki'
import { givenBefore, skipped, type Item, type Skipped } from './found.ts'
import { createNamer } from './names.ts'

/** Text of one file of a folder or archive. */
export interface SourceFile {
  readonly kind: 'file'
  readonly path: string
  readonly text: string
}

interface Leaf {
  readonly facts: CertificateFacts
  readonly path: string
  /** Certificates that stood in the same file. */
  readonly others: readonly CertificateFacts[]
}

interface Key {
  readonly pem: string
  readonly path: string
  isUsed: boolean
}

interface Table {
  readonly keys: Map<string, Key>
  readonly waiting: Map<string, Leaf[]>
  /** Without an issuer so far: it may still come. */
  readonly lonely: Leaf[]
  /** By their subject. */
  readonly authorities: Map<string, CertificateFacts[]>
  /** The file of each certificate that went out. */
  readonly seen: Map<string, string>
  readonly nameFor: (text: string) => string
}

const LIKELY = /\.(crt|cer|pem|key|der|p12|pfx|jks)$/i
const MAX_CHAIN = 8
const MAX_SAME_NAME = 8
const KEY_LABEL = /PRIVATE KEY$/

export async function* pairFiles(files: AsyncIterable<SourceFile | Skipped>): AsyncGenerator<Item> {
  const table: Table = {
    keys: new Map(),
    waiting: new Map(),
    lonely: [],
    authorities: new Map(),
    seen: new Map(),
    nameFor: createNamer(),
  }
  for await (const file of files) yield* file.kind === 'skipped' ? [file] : addFile(table, file)
  yield* finish(table)
}

function addFile(table: Table, file: SourceFile): Item[] {
  const blocks = readBlocks(file)
  if (!Array.isArray(blocks)) return blocks === null ? [] : [blocks]
  try {
    const certificates = blocks.filter(({ label }) => label.endsWith('CERTIFICATE')).map(({ der }) => parseCertificate(der))
    for (const facts of certificates) if (facts.isCa) addAuthority(table, facts)
    const freed = blocks.filter(({ label }) => KEY_LABEL.test(label)).flatMap((block) => addKey(table, block, file.path))
    const leaves = certificates.filter((facts) => isOfSite(facts))
    return [...freed, ...leaves.flatMap((facts) => addLeaf(table, { facts, path: file.path, others: certificates }))]
  } catch (error) {
    if (error instanceof PkiError) return [skipped(file.path, 'damaged')]
    throw error
  }
}

/** What `openssl req -x509` makes for a site is a CA's certificate by its extensions; only one for a site has domains. */
function isOfSite({ isCa, names, issuer, subject }: CertificateFacts): boolean {
  return !isCa || (names.length > 0 && issuer === subject)
}

/** Null for a file that has nothing to do with certificates. */
function readBlocks({ path, text }: SourceFile): PemBlock[] | Skipped | null {
  if (!text.includes('-----BEGIN ')) return LIKELY.test(path) ? skipped(path, 'notPem') : null
  if (/^(Proc-Type:.*ENCRYPTED|-----BEGIN ENCRYPTED PRIVATE KEY-----)/m.test(text)) return skipped(path, 'encrypted')
  try {
    return parsePem(text)
  } catch (error) {
    if (error instanceof PkiError) return skipped(path, error.code === 'tooLarge' ? 'tooLarge' : 'damaged')
    throw error
  }
}

/** CAs of one name are few, unless somebody makes them to keep others busy. */
function addAuthority({ authorities }: Table, facts: CertificateFacts): void {
  const sameName = authorities.get(facts.subject) ?? []
  if (sameName.length < MAX_SAME_NAME && !sameName.some(({ sha256 }) => sha256 === facts.sha256))
    authorities.set(facts.subject, [...sameName, facts])
}

function addKey(table: Table, block: PemBlock, path: string): Item[] {
  const pem = toPem(block.der, block.label)
  const { spkiSha256 } = loadPrivateKey(pem)
  if (!table.keys.has(spkiSha256)) table.keys.set(spkiSha256, { pem, path, isUsed: false })
  const waiting = table.waiting.get(spkiSha256) ?? []
  table.waiting.delete(spkiSha256)
  return waiting.flatMap((leaf) => addLeaf(table, leaf))
}

function addLeaf(table: Table, leaf: Leaf): Item[] {
  if (!table.keys.has(leaf.facts.spkiSha256)) {
    table.waiting.set(leaf.facts.spkiSha256, [...(table.waiting.get(leaf.facts.spkiSha256) ?? []), leaf])
    return []
  }
  const chain = chainOf(table, leaf)
  if (chain.length === 1 && leaf.facts.issuer !== leaf.facts.subject) {
    table.lonely.push(leaf)
    return []
  }
  return toFound(table, leaf, chain)
}

/** The leaf and each issuer as far as there is one; a root that ends it is left out, as servers do. */
function chainOf({ authorities }: Table, { facts, others }: Leaf): readonly CertificateFacts[] {
  const candidates = new Map(others.filter(({ isCa }) => isCa).map((other) => [other.sha256, other]))
  for (let [names, depth] = [[facts.issuer], 0]; names.length > 0 && depth < MAX_CHAIN; depth += 1) {
    const issuers = [...new Set(names)].flatMap((name) => authorities.get(name) ?? [])
    names = issuers.filter(({ sha256 }) => !candidates.has(sha256)).map(({ issuer }) => issuer)
    for (const issuer of issuers) candidates.set(issuer.sha256, issuer)
  }
  const { ordered } = orderChain([facts, ...candidates.values()])
  return ordered.filter((certificate, place) => place === 0 || certificate.issuer !== certificate.subject)
}

function toFound(table: Table, { facts, path }: Leaf, chain: readonly CertificateFacts[]): Item[] {
  const key = table.keys.get(facts.spkiSha256)
  if (key === undefined) return []
  const by = table.seen.get(facts.sha256)
  if (by !== undefined) return by === path ? [] : [givenBefore(path, by)]
  table.seen.set(facts.sha256, path)
  key.isUsed = true
  return [
    {
      kind: 'found',
      origin: path,
      name: table.nameFor(nameOf(facts) ?? basename(path, extname(path))),
      certificatePem: chain.map(({ der }) => toPem(der, 'CERTIFICATE')).join(''),
      privateKeyPem: key.pem,
    },
  ]
}

function nameOf({ names, commonName }: CertificateFacts): string | null {
  return names[0] ?? (commonName === '' ? null : commonName)
}

/** What came alone stays alone now. */
function finish(table: Table): Item[] {
  const lonely = table.lonely.flatMap((leaf) => toFound(table, leaf, chainOf(table, leaf)))
  const withoutKey = [...table.waiting.values()].flat().filter(({ facts }) => !table.seen.has(facts.sha256))
  const unused = [...table.keys].filter(([, { isUsed }]) => !isUsed)
  const ofCas = new Set([...table.authorities.values()].flat().map(({ spkiSha256 }) => spkiSha256))
  return [
    ...lonely,
    ...withoutKey.map(({ path }) => skipped(path, 'noKey')),
    ...unused.map(([spkiSha256, { path }]) => skipped(path, ofCas.has(spkiSha256) ? 'certificateAuthority' : 'noCertificate')),
  ]
}
