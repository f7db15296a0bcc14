/**
 * PEM text to DER and back (RFC 7468). Strict inside the blocks; explanatory text between blocks is skipped, because exported files
 * carry it.
 *
 * @module
 */
import { PkiError } from './errors.ts'

/** The longest PEM or DER input that is looked at, bytes: a chain of 20 certificates with RSA-4096 keys is a quarter of it. */
export const MAX_INPUT_BYTES = 256 * 1024
/** The most blocks in one input; real chains have two to five. */
export const MAX_PEM_BLOCKS = 20

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/
const BOUNDARY = /^-----(BEGIN|END) ([A-Z0-9][A-Z0-9 ]{0,63})-----$/
const LINE_LENGTH = 64

export interface PemBlock {
  /** `CERTIFICATE`, `PRIVATE KEY`, … */
  readonly label: string
  readonly der: Uint8Array
}

/**
 * The blocks of a PEM text in their order; at least one.
 *
 * @throws PkiError `badPem` (no block, unfinished block, not base64, encrypted in the old way), `tooLarge` (over 256 KiB or 20 blocks)
 */
export function parsePem(text: string): PemBlock[] {
  ensureInputSize(text.length)
  const blocks: PemBlock[] = []
  let open: { label: string; body: string[] } | null = null
  for (const rawLine of text.split('\n')) {
    const line = rawLine.trim()
    const boundary = BOUNDARY.exec(line)
    if (boundary?.[1] === 'BEGIN') {
      if (open) throw unfinished(open.label)
      if (blocks.length === MAX_PEM_BLOCKS) {
        throw new PkiError(
          'tooLarge',
          `The text has more than ${MAX_PEM_BLOCKS} PEM blocks: leave out what does not belong to the chain.`,
        )
      }
      open = { label: boundary[2] ?? '', body: [] }
    } else if (boundary) {
      if (!open || open.label !== boundary[2])
        throw new PkiError('badPem', `"${line}" has no matching BEGIN line: copy the whole block.`)
      blocks.push({ label: open.label, der: decodeBody(open.label, open.body) })
      open = null
    } else if (open && line !== '') {
      open.body.push(line)
    }
  }
  if (open) throw unfinished(open.label)
  if (blocks.length === 0) {
    throw new PkiError(
      'badPem',
      'The text holds no PEM block: send text that starts with a line like "-----BEGIN CERTIFICATE-----".',
    )
  }
  return blocks
}

/** One PEM block with a final newline. */
export function toPem(der: Uint8Array, label: string): string {
  const base64 = Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64')
  const lines: string[] = []
  for (let at = 0; at < base64.length; at += LINE_LENGTH) lines.push(base64.slice(at, at + LINE_LENGTH))
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}

/** @throws PkiError `tooLarge` */
export function ensureInputSize(sizeBytes: number): void {
  if (sizeBytes > MAX_INPUT_BYTES) {
    throw new PkiError(
      'tooLarge',
      `The input has ${sizeBytes} bytes, at most ${MAX_INPUT_BYTES} are read: send one chain or one key at a time.`,
    )
  }
}

function decodeBody(label: string, body: readonly string[]): Uint8Array {
  if (body[0]?.startsWith('Proc-Type:')) {
    throw new PkiError(
      'badPem',
      `The ${label} block is encrypted: remove its passphrase first (openssl pkey -in key.pem -out plain.pem).`,
    )
  }
  const base64 = body.join('')
  if (base64.length % 4 !== 0 || !BASE64.test(base64)) {
    throw new PkiError('badPem', `The ${label} block is not base64 text: copy it again, without changing it.`)
  }
  return new Uint8Array(Buffer.from(base64, 'base64'))
}

function unfinished(label: string): PkiError {
  return new PkiError('badPem', `The ${label} block has no END line: copy the whole block.`)
}
