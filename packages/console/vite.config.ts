import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** The service sends these as they are: it compresses nothing itself. */
function precompress(folder: string): Plugin {
  return {
    name: 'evercert-precompress',
    apply: 'build',
    closeBundle() {
      for (const name of readdirSync(folder)) {
        if (!/\.(js|css|svg)$/.test(name)) continue
        const content = readFileSync(join(folder, name))
        writeFileSync(join(folder, `${name}.gz`), gzipSync(content, { level: 9 }))
        writeFileSync(
          join(folder, `${name}.br`),
          brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }),
        )
      }
    },
  }
}

const DESCRIPTION = /\s*\.meta\(\{\s*description:\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\s*,?\s*\}\)/g

/** What the contract says of its fields is for the API's document: the client needs paths and methods. */
function withoutDescriptions(): Plugin {
  return {
    name: 'evercert-without-descriptions',
    apply: 'build',
    enforce: 'pre',
    transform: (code, id) =>
      id.includes('/packages/contract/src/') ? { code: code.replaceAll(DESCRIPTION, ''), map: null } : null,
  }
}

const root = import.meta.dirname

export default defineConfig({
  root,
  // `npm run dev -w packages/console`: the pages from Vite, the API from a service that runs beside it.
  server: { proxy: { '/api': process.env['EVERCERT_URL'] ?? 'http://127.0.0.1:8470' } },
  build: {
    outDir: join(root, 'dist'),
    emptyOutDir: true,
    manifest: true,
    target: 'es2023',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  plugins: [withoutDescriptions(), precompress(join(root, 'dist', 'assets'))],
})
