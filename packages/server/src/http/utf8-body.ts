/**
 * In which bytes a body is JSON: not compressed, UTF-8 (RFC 8259 §8.1), and each name once in its object. The library's own reading puts U+FFFD where bytes are not,
 * and takes the last of two values, and so would store what nobody wrote.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer'
import type { MiddlewareHandler } from 'hono'
import { AppError } from '../domain/errors.ts'
import { factsOfIssues } from '../domain/issue-words.ts'
import { findRepeatedName } from './repeated-names.ts'

/** The same request; `text()` refuses bytes that are not UTF-8, and reads them once like before. */
export function withUtf8Text(request: Request): Request {
  return Object.defineProperty(request, 'text', { value: async () => readUtf8(await request.arrayBuffer()) })
}

/** Without a byte order mark, like `Request.text()`. @throws AppError `invalid`, also for JSON that says something twice */
export function readUtf8(body: ArrayBuffer): string {
  if (!isUtf8(body)) throw new AppError('invalid', 'Reading the request: its body is not UTF-8: send it as UTF-8.')
  const text = new TextDecoder().decode(body)
  const twice = findRepeatedName(text)
  if (twice === null) return text
  const facts = factsOfIssues([{ message: 'must stand once in its object', path: [twice] }], 'body')
  throw new AppError('invalid', `Reading the request: ${facts.faults.join('; ')}.`, { facts: { ...facts } })
}

/** Packed, a little is a lot: nothing is unpacked. @throws AppError `encodingUnsupported` */
export const refuseEncodedBody: MiddlewareHandler = (context, next) => {
  const encoding = context.req.header('content-encoding') ?? 'identity'
  if (/^\s*(identity)?\s*$/i.test(encoding)) return next()
  throw new AppError('encodingUnsupported', `Reading the request: its body is encoded as ${encoding}: send it uncompressed.`)
}
