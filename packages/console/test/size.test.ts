/**
 * What a browser loads before a page's own code: built by `npm test` before it begins.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'

const MAX_BYTES = 350_000
const dist = fileURLToPath(new URL('../dist/', import.meta.url))

interface Chunk {
  readonly file: string
  readonly imports?: readonly string[]
}

it('stays below 350 kB of compressed JavaScript, with the texts of the larger language and the first page itself', () => {
  const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, 'utf8')) as Record<string, Chunk>
  const sizes = new Map<string, number>()
  const add = (name: string): void => {
    const chunk = manifest[name]
    if (chunk === undefined) throw new Error(`the manifest has no ${name}`)
    if (sizes.has(chunk.file)) return
    sizes.set(chunk.file, gzipSync(readFileSync(dist + chunk.file), { level: 9 }).length)
    for (const each of chunk.imports ?? []) add(each)
  }
  add('index.html')
  add('src/i18n/zh/index.ts')
  add('src/pages/certificates/certificates-page.tsx')
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  expect(total).toBeLessThan(MAX_BYTES)
  expect(total).toBeGreaterThan(50_000) // it was measured at all
})
