/**
 * What is said of a request whose body is over the limit: the limit itself, and how the same gets through.
 *
 * @module
 */
import { text } from './problem-text.ts'
import type { ProblemCode } from './problems.ts'
import { MAX_UPLOADS, MAX_UPLOADS_BYTES, UPLOADS_PATH } from './upload-limits.ts'

const MIB = 1_048_576

/** Null: it was something else that was too large. */
export function bodyLimitTexts(code: ProblemCode, facts: Readonly<Record<string, unknown>> = {}): ReturnType<typeof text> | null {
  const { maxBodyBytes: bytes } = facts
  if (code !== 'tooLarge' || typeof bytes !== 'number') return null
  const size = `${bytes / MIB} MiB`
  const [cause, causeZh] = [`The body of the request is larger than ${size}.`, `请求正文超过上限 ${size}。`]
  if (bytes === MAX_UPLOADS_BYTES)
    return text(
      cause,
      causeZh,
      'Split it into several requests. "evercert upload --from" does so by itself for a folder or archive of any size, and so does the console.',
      '请拆分为多个请求。“evercert upload --from” 可上传任意大小的文件夹或压缩包，会自动拆分；控制台同样如此。',
    )
  return text(
    cause,
    causeZh,
    `Send less in one request, and the rest in others. Many certificates go to POST ${UPLOADS_PATH}, which takes ${MAX_UPLOADS_BYTES / MIB} MiB and ${MAX_UPLOADS} certificates at a time; "evercert upload --from" splits them by itself.`,
    `请减少单次请求的内容，其余另行发送。批量上传证书请使用 POST ${UPLOADS_PATH}，单次可达 ${MAX_UPLOADS_BYTES / MIB} MiB、${MAX_UPLOADS} 张；“evercert upload --from” 会自动拆分。`,
  )
}
