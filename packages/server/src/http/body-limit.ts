/**
 * How large a body may be. What is larger is read to its end, within reason, and thrown away before it is refused: a client that is still
 * sending when the connection ends sees a reset, and not the answer.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono'
import { AppError } from '../domain/errors.ts'

/** So much is read of what is refused. The listener limits the time. */
const MAX_DISCARDED_BYTES = 67_108_864

/** @param tooLarge what is thrown */
export function limitBodyTo(maxBytes: number, tooLarge: () => AppError): MiddlewareHandler {
  return async (context, next) => {
    const { body, headers } = context.req.raw
    if (body === null) return next()
    const declared = headers.has('transfer-encoding') ? null : headers.get('content-length')
    if (declared !== null && Number(declared) <= maxBytes) return next() // the listener gives no more than was declared
    const read = await readOrDiscard(body.getReader(), maxBytes)
    if (read === null) throw tooLarge()
    replaceBody(context, read)
    return next()
  }
}

function replaceBody(context: Context, body: Uint8Array<ArrayBuffer>): void {
  context.req.raw = new Request(context.req.raw, { method: context.req.method, body })
}

/** Null when it is larger. It is never cancelled: that would end the connection before the answer. */
async function readOrDiscard(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  let [kept, size] = [new Uint8Array(0), 0]
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const end = size + part.value.length
    if (end > MAX_DISCARDED_BYTES) return null
    // One buffer that grows: pieces of a byte each would take a hundred times their size.
    if (end <= maxBytes && end > kept.length)
      kept = grown(kept.subarray(0, size), Math.min(maxBytes, Math.max(end, kept.length * 2)))
    if (end <= maxBytes) kept.set(part.value, size)
    size = end
  }
  return size > maxBytes ? null : kept.subarray(0, size)
}

function grown(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length)
  larger.set(bytes)
  return larger
}
