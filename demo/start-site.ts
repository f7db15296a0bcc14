/**
 * Chooses what serves the demo's site.
 *
 * @module
 */
import { startBuiltinSite } from './site-builtin.ts'
import { findNginx, startNginxSite } from './site-nginx.ts'
import type { Site, SiteOptions } from './site.ts'

export type SiteKind = 'nginx' | 'builtin'

/** Starts nginx if it is installed, else the demo's own server. @param wanted one of them and no other */
export async function startSite(options: SiteOptions, wanted: SiteKind | null): Promise<Site> {
  const nginx = wanted === 'builtin' ? null : findNginx()
  if (nginx !== null) return startNginxSite(nginx, options)
  if (wanted === 'nginx') throw new Error('nginx 1.19.5 or later is not installed here: leave --site out, or install it.')
  return startBuiltinSite(options)
}
