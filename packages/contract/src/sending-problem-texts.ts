/**
 * The texts of problems around how a request is sent: its size, its time, its form on the wire.
 *
 * @module
 */
import { text, type ProblemText } from './problem-text.ts'
import type { ProblemCode } from './problems.ts'

export const SENDING_PROBLEM_TEXTS = {
  tooLarge: text(
    'The request or the answer exceeds the size limit.',
    '请求或响应超过大小限制。',
    'Send less at once; the detail names the limit.',
    '请减小单次提交的内容，限制见详情。',
  ),
  headersTooLarge: text(
    'The first line of the request and its headers have more than 16 KiB together.',
    '请求行与请求头合计超过 16 KiB。',
    'Send less in them: a long search or value belongs in a body.',
    '请缩短请求行与请求头；较长的内容请放在请求正文中。',
  ),
  requestTooSlow: text(
    'The request was not complete in time: 15 seconds for its headers, a minute for all of it.',
    '请求未在规定时间内到达：请求头限 15 秒，整个请求限 1 分钟。',
    'Send it again, over a connection that is fast enough.',
    '请在网络通畅时重新发送。',
  ),
  encodingUnsupported: text(
    'The request has a Content-Encoding. The service unpacks nothing that it is sent.',
    '请求带有 Content-Encoding。服务不解压收到的内容。',
    'Send the body as it is, without compression and without a Content-Encoding header.',
    '请直接发送未压缩的请求正文，不要附带 Content-Encoding 请求头。',
  ),
  expectationUnsupported: text(
    'The request has an Expect header with something other than 100-continue. Nothing of it was done.',
    '请求的 Expect 请求头含 100-continue 以外的内容，未作任何处理。',
    'Send it without an Expect header.',
    '请去掉 Expect 请求头后重新发送。',
  ),
} as const satisfies Partial<Record<ProblemCode, ProblemText>>
