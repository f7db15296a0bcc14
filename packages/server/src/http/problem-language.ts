/**
 * The language of a problem's title. Cause and remedy are in the document in both, and the detail is English.
 *
 * @module
 */
import type { Bilingual } from '@evercert/contract'
import type { MiddlewareHandler } from 'hono'

type Language = keyof Bilingual

/** As `Accept-Language` prefers (RFC 9110 §12.5.4); English where it names neither. */
export function problemLanguage(headers: Headers): Language {
  const [first] = (headers.get('accept-language') ?? '')
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/)
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1'
      return { language: /^(en|zh)(-|$)/.exec(tag)?.[1], weight: /^[01](\.\d{0,3})?$/.test(weight) ? Number(weight) : 0 }
    })
    .filter(({ language, weight }) => language !== undefined && weight > 0)
    .toSorted((a, b) => b.weight - a.weight)
  return first?.language === 'zh' ? 'zh' : 'en'
}

/** Says so in the answer, also to caches. */
export const nameProblemLanguage: MiddlewareHandler = async (context, next) => {
  await next()
  if (context.res.headers.get('content-type') !== 'application/problem+json') return
  context.header('content-language', problemLanguage(context.req.raw.headers) === 'zh' ? 'zh, en' : 'en')
  context.header('vary', 'Accept-Language', { append: true })
}
