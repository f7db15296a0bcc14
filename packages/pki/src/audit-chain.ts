/**
 * The chain of an audit log, and its verification with nothing but the lines and the public keys.
 *
 * Each line has a digest, SHA-256(salt ‖ text), and a hash, SHA-256(hash of the line before ‖ digest). So a line can be left out of what is
 * shown to somebody, with its digest in its place, and the chain still holds; the salt keeps a short text from being guessed. After each
 * batch comes a signed checkpoint: who rewrites lines and all hashes after them cannot sign anew.
 *
 * @module
 */
import { hash } from 'node:crypto'
import { PkiError } from './errors.ts'
import { verifyStatement, type PublicJwk } from './receipt.ts'

/** `typ` of a checkpoint's JWS header. */
export const AUDIT_CHECKPOINT_TYPE = 'evercert-audit-checkpoint+jws'
/** Stands in the place of the hash before the first line. */
export const AUDIT_GENESIS = '0'.repeat(64)
/** What a line says before lines up to a checkpoint are removed for good. */
export const AUDIT_RETENTION_ACTION = 'audit.retention'

/** What is signed after each batch. */
export interface AuditCheckpoint {
  /** Address of the installation, or "evercert". */
  readonly iss: string
  /** Of the last line that it covers; the first line has position 1. */
  readonly position: number
  /** Position of the checkpoint before; 0: there is none. */
  readonly previous: number
  /** Of the chain at `position`, lower-case hex. */
  readonly hash: string
  /** ISO 8601, UTC. */
  readonly at: string
}

export interface AuditRecordLine {
  readonly kind: 'record'
  readonly salt: string
  readonly hash: string
  /** Canonical: see {@link auditText}. */
  readonly text: string
  readonly position: number
}

/** A line of somebody else. */
export interface AuditHiddenLine {
  readonly kind: 'hidden'
  readonly position: number
  readonly digest: string
  readonly hash: string
}

export interface AuditCheckpointLine {
  readonly kind: 'checkpoint'
  readonly jws: string
}

/** What stands where a line should be and is none. */
interface UnreadableLine {
  readonly kind: 'unreadable'
}

export type AuditLine = AuditRecordLine | AuditHiddenLine | AuditCheckpointLine | UnreadableLine
type Entry = AuditRecordLine | AuditHiddenLine

/** The text that is hashed: JSON without spaces, the position first, then the fields in their order. */
export function auditText(position: number, fields: readonly (readonly [name: string, value: string | null])[]): string {
  return JSON.stringify(Object.fromEntries([['position', position], ...fields]))
}

/** @param salt 16 bytes in hex */
export function auditDigest(salt: string, text: string): string {
  return hash('sha256', Buffer.concat([Buffer.from(salt, 'hex'), Buffer.from(text, 'utf8')]))
}

export function auditHash(previousHash: string, digest: string): string {
  return hash('sha256', Buffer.from(previousHash + digest, 'hex'))
}

/** One line of an exported file, without its line break. */
export function formatAuditLine(line: Exclude<AuditLine, UnreadableLine>): string {
  if (line.kind === 'checkpoint') return JSON.stringify({ checkpoint: line.jws })
  if (line.kind === 'hidden') return JSON.stringify({ position: line.position, digest: line.digest, hash: line.hash })
  return `{"salt":${JSON.stringify(line.salt)},"hash":${JSON.stringify(line.hash)},"record":${line.text}}`
}

/** Only what {@link formatAuditLine} writes: another spelling of the same is `unreadable`, so that any changed byte is found. */
export function parseAuditLine(text: string): AuditLine {
  const line = readLine(text)
  return line !== null && formatAuditLine(line) === text ? line : { kind: 'unreadable' }
}

function readLine(text: string): Exclude<AuditLine, UnreadableLine> | null {
  try {
    const { checkpoint, position, salt, digest, hash, record } = JSON.parse(text) as Record<string, unknown>
    if (typeof checkpoint === 'string') return { kind: 'checkpoint', jws: checkpoint }
    if (!isHex(hash, 64)) return null
    if (isPosition(position) && isHex(digest, 64)) return { kind: 'hidden', position, digest, hash }
    if (!isHex(salt, 32) || typeof record !== 'object' || record === null || !('position' in record)) return null
    if (!isPosition(record.position)) return null
    return { kind: 'record', salt, hash, text: JSON.stringify(record), position: record.position }
  } catch {
    return null
  }
}

function isHex(value: unknown, length: number): value is string {
  return typeof value === 'string' && value.length === length && /^[0-9a-f]+$/.test(value)
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

/** @throws PkiError `badSignature` */
export function readAuditCheckpoint(jws: string, keys: readonly PublicJwk[]): AuditCheckpoint {
  const { iss, position, previous, hash, at } = verifyStatement(jws, keys, AUDIT_CHECKPOINT_TYPE) as Record<string, unknown>
  if (typeof iss === 'string' && isPosition(position) && (previous === 0 || isPosition(previous)) && isHex(hash, 64))
    if (typeof at === 'string') return { iss, position, previous, hash, at }
  throw new PkiError('badSignature', 'Checking the checkpoint: it is signed, and says not what a checkpoint says.')
}

export type AuditFaultKind =
  | 'altered'
  | 'removed'
  | 'inserted'
  | 'reordered'
  | 'checkpointForged'
  | 'checkpointRemoved'
  | 'rewritten'
  | 'cutOff'
  | 'keptUnreadable'

/** The first thing that is wrong. */
export interface AuditFault {
  readonly kind: AuditFaultKind
  /** Of the line that is concerned, or that should be there. */
  readonly position: number
  /** The last line that may be concerned: greater than `position` where only a range is known. */
  readonly through: number
  /** Of the lines given, from 1: where it was noticed; null: after the last one. */
  readonly line: number | null
  readonly expected: string | null
  readonly found: string | null
}

export interface AuditReport {
  readonly fault: AuditFault | null
  /** Where the lines begin, when that is not at the beginning of the log. */
  readonly from: AuditCheckpoint | null
  /** The last one that was found right. */
  readonly checkpoint: AuditCheckpoint | null
  readonly records: number
  readonly hidden: number
  /** Position of the line that says why the beginning is not there; null: none does. */
  readonly retentionAt: number | null
  /** The kept checkpoint is of a time before these lines begin: nothing can be said by it. */
  readonly keptTooOld: boolean
}

export interface AuditTrust {
  readonly keys: readonly PublicJwk[]
  /** A checkpoint that was kept elsewhere; null: none. Without one nobody sees that the newest batches were cut off. */
  readonly kept: AuditCheckpoint | null
}

/** Goes through the lines once, and stops at the first fault. */
export async function verifyAuditChain(
  lines: AsyncIterable<AuditLine> | Iterable<AuditLine>,
  trust: AuditTrust,
): Promise<AuditReport> {
  const check = new ChainCheck(trust)
  let current: AuditLine | null = null
  for await (const next of lines) {
    if (current !== null && !check.take(current, next)) return check.report()
    current = next
  }
  if (current === null || check.take(current, null)) check.end()
  return check.report()
}

class ChainCheck {
  readonly #trust: AuditTrust
  #position = 0
  #hash = AUDIT_GENESIS
  /** Before the last line. */
  #hashBefore: string | null = null
  #from: AuditCheckpoint | null = null
  #checkpoint: AuditCheckpoint | null = null
  #line = 0
  #records = 0
  #hidden = 0
  #retentionAt: number | null = null
  #fault: AuditFault | null = null

  constructor(trust: AuditTrust) {
    this.#trust = trust
  }

  /** @param next what follows, which tells an altered line from an inserted one. @returns whether all is right so far */
  take(line: AuditLine, next: AuditLine | null): boolean {
    this.#line += 1
    if (line.kind === 'unreadable') this.#say('altered', { found: 'a line that was not written so' })
    else if (line.kind === 'checkpoint') this.#takeCheckpoint(line)
    else this.#takeEntry(line, next !== null && isEntry(next) ? next : null)
    return this.#fault === null
  }

  end(): void {
    this.#line = -1
    const { kept } = this.#trust
    if (this.#position > this.#signed()) this.#say('checkpointRemoved', { position: this.#signed() + 1, through: this.#position })
    else if (kept !== null && kept.position > this.#position)
      this.#say('cutOff', { through: kept.position, expected: kept.hash, found: null })
  }

  report(): AuditReport {
    return {
      fault: this.#fault,
      from: this.#from,
      checkpoint: this.#checkpoint,
      records: this.#records,
      hidden: this.#hidden,
      retentionAt: this.#retentionAt,
      keptTooOld: (this.#trust.kept?.position ?? Infinity) < (this.#from?.position ?? 0),
    }
  }

  #signed(): number {
    return this.#checkpoint?.position ?? 0
  }

  #say(
    kind: AuditFaultKind,
    { position = this.#position + 1, through = position, expected = null, found = null }: Partial<AuditFault> = {},
  ): void {
    this.#fault ??= { kind, position, through, line: this.#line < 0 ? null : this.#line, expected, found }
  }

  #takeEntry(entry: Entry, next: Entry | null): void {
    const expected = this.#position + 1
    if (entry.position !== expected) return this.#sayPlace(entry, next)
    const hash = auditHash(this.#hash, digestOf(entry))
    if (hash !== entry.hash) return this.#sayHash(entry, next, hash)
    this.#position = expected
    this.#hashBefore = this.#hash
    this.#hash = hash
    if (entry.kind === 'hidden') this.#hidden += 1
    else {
      this.#records += 1
      this.#noteRetention(entry)
    }
    this.#compareKept()
  }

  #sayPlace(entry: Entry, next: Entry | null): void {
    const expected = this.#position + 1
    const found = `position ${entry.position}`
    const swapped = next?.position === expected && entry.position === expected + 1
    if (swapped) this.#say('reordered', { through: expected + 1, found })
    else if (entry.position > expected) this.#say('removed', { through: entry.position - 1, found })
    else this.#say('inserted', { position: entry.position, found })
  }

  #sayHash(entry: Entry, next: Entry | null, computed: string): void {
    const texts = { expected: computed, found: entry.hash }
    // The line before came with a hash that fits, and pushed this one from its place.
    const wasPushed =
      this.#hashBefore !== null && auditHash(this.#hashBefore, digestOf(renumbered(entry, this.#position))) === entry.hash
    if (wasPushed) this.#say('inserted', { position: this.#position, ...texts })
    else this.#say(this.#kindOf(entry, next, computed), texts)
  }

  /** Why the hash is another: which lines around it still fit says so. */
  #kindOf(entry: Entry, next: Entry | null, computed: string): AuditFaultKind {
    if (next === null) return 'altered'
    const follows = (previous: string, of: Entry): boolean => auditHash(previous, digestOf(of)) === next.hash
    if (follows(entry.hash, next) || follows(computed, next)) return 'altered'
    if (follows(this.#hash, renumbered(next, entry.position))) return 'inserted'
    if (follows(entry.hash, renumbered(next, next.position + 1))) return 'removed'
    return 'altered'
  }

  /** Only where the beginning is missing does anybody look for the reason. */
  #noteRetention({ text, position }: AuditRecordLine): void {
    if (this.#from === null || this.#retentionAt !== null || !text.includes(`"action":"${AUDIT_RETENTION_ACTION}"`)) return
    const { action, details } = JSON.parse(text) as Record<string, unknown>
    if (action !== AUDIT_RETENTION_ACTION || typeof details !== 'string') return
    const { through } = JSON.parse(details) as Record<string, unknown>
    if (typeof through === 'number' && through >= this.#from.position) this.#retentionAt = position
  }

  #takeCheckpoint({ jws }: AuditCheckpointLine): void {
    const claims = this.#read(jws)
    if (claims === null)
      return this.#say('checkpointForged', { position: Math.max(this.#position, 1), found: 'no valid signature' })
    if (this.#line === 1) return this.#begin(claims)
    if (claims.position > this.#position) return this.#say('removed', { through: claims.position })
    if (claims.position < this.#position) return this.#say('reordered', { position: claims.position, found: 'its checkpoint' })
    const signed = this.#signed()
    if (claims.previous !== signed) return this.#say('checkpointRemoved', { position: signed + 1, through: claims.previous })
    if (claims.hash !== this.#hash)
      return this.#say('rewritten', { position: signed + 1, through: claims.position, expected: claims.hash, found: this.#hash })
    this.#checkpoint = claims
  }

  /** A file that does not begin with the log begins with a checkpoint, which is signed. */
  #begin(claims: AuditCheckpoint): void {
    this.#from = claims
    this.#checkpoint = claims
    this.#position = claims.position
    this.#hash = claims.hash
    this.#compareKept()
  }

  #read(jws: string): AuditCheckpoint | null {
    try {
      return readAuditCheckpoint(jws, this.#trust.keys)
    } catch (error) {
      if (error instanceof PkiError) return null
      throw error
    }
  }

  #compareKept(): void {
    const { kept } = this.#trust
    if (kept === null || kept.position !== this.#position || kept.hash === this.#hash) return
    this.#say('rewritten', { position: 1, through: kept.position, expected: kept.hash, found: this.#hash })
  }
}

function isEntry(line: AuditLine): line is Entry {
  return line.kind === 'record' || line.kind === 'hidden'
}

function digestOf(entry: Entry): string {
  return entry.kind === 'hidden' ? entry.digest : auditDigest(entry.salt, entry.text)
}

function renumbered(entry: Entry, position: number): Entry {
  if (entry.kind === 'hidden') return entry
  return { ...entry, text: entry.text.replace(/^\{"position":\d+/, `{"position":${position}`) }
}
