/**
 * The site on the demo's own HTTPS server, for machines without nginx.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startChild } from './child.ts'
import { pairPaths, type Site, type SiteOptions } from './site.ts'
import { waitFor } from './wait-for.ts'

const program = fileURLToPath(new URL('site-process.ts', import.meta.url))

export async function startBuiltinSite(options: SiteOptions): Promise<Site> {
  const configPath = join(options.folder, 'site.json')
  await writeFile(configPath, JSON.stringify({ ...options, ...pairPaths(options.folder) }))
  const child = await startChild([process.execPath, program, configPath])
  const isUp = async () => (child.exitCode() !== null || child.recentLines().includes('listening') ? true : null)
  await waitFor(isUp, { what: 'the web site' })
  if (child.exitCode() !== null) throw new Error(`The web site did not start: ${child.recentLines().join('\n')}`)
  return {
    title: 'HTTPS server of the demo',
    pid: child.pid,
    ...pairPaths(options.folder),
    testCommand: [process.execPath, program, configPath, '--test'],
    reloadCommand: [process.execPath, '-e', `process.kill(${child.pid}, 'SIGHUP')`],
    enableHttps: async () => undefined, // it listens as soon as there is a pair
    recentLines: child.recentLines,
    stop: () => child.stop(),
  }
}
