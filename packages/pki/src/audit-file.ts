/**
 * An exported audit log as lines.
 *
 * @module
 */
import { parseAuditLine, type AuditLine } from './audit-chain.ts'

const LINE_FEED = 10
/** No line that is written is as long. */
const MAX_LINE_BYTES = 1_048_576

/** Split at line feeds alone, which each line ends with; bytes that are no UTF-8, and an end without a line feed, are `unreadable`. */
export async function* readAuditLines(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<AuditLine> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let rest: Uint8Array = new Uint8Array()
  for await (const chunk of chunks) {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED)) {
      yield parseBytes(decoder, bytes.subarray(0, end))
      bytes = bytes.subarray(end + 1)
    }
    rest = bytes
    if (rest.length > MAX_LINE_BYTES) break
  }
  if (rest.length > 0) yield { kind: 'unreadable' }
}

function parseBytes(decoder: { decode(bytes: Uint8Array): string }, bytes: Uint8Array): AuditLine {
  try {
    return parseAuditLine(decoder.decode(bytes))
  } catch {
    return { kind: 'unreadable' }
  }
}
