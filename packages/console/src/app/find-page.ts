/**
 * Which page a path belongs to.
 *
 * @module
 */
import { PAGES, type Page } from './routes.ts'

export interface FoundPage {
  readonly page: Page
  readonly params: Readonly<Record<string, string>>
}

/** Drawers over another page than their usual one. */
const BENEATH: ReadonlyMap<Page, Page> = new Map(
  PAGES.flatMap((page) => (page.beneath === undefined ? [] : [[page, { ...page, component: page.beneath }] as const])),
)

/**
 * The first page of the list whose path fits; null when none does.
 *
 * @param isOnCertificate a drawer was opened on the page of a certificate
 */
export function findPage(path: string, isOnCertificate = false): FoundPage | null {
  for (const page of PAGES) {
    const params = matchPath(page.path, path)
    if (params !== null) return { page: (isOnCertificate ? BENEATH.get(page) : undefined) ?? page, params }
  }
  return null
}

function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/')
  const given = path.length > 1 && path.endsWith('/') ? path.slice(0, -1).split('/') : path.split('/')
  if (wanted.length !== given.length) return null
  const params: Record<string, string> = {}
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? ''
    if (part.startsWith(':') && value !== '') params[part.slice(1)] = decode(value)
    else if (part !== value) return null
  }
  return params
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part // not well-formed: it names nothing, and the page will say so
  }
}
