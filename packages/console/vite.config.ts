import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
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

const contractOf = join(import.meta.dirname, '..', 'contract', 'src', 'contract.ts')
const CALLS = '\0evercert-calls'

/**
 * The client calls by path and method alone: it gets these in place of the contract with its schemas, which are 60 kB of what a browser
 * loads first. Pages whose forms check by a schema load the contract itself.
 */
function clientWithoutSchemas(): Plugin {
  return {
    name: 'evercert-client-without-schemas',
    apply: 'build',
    enforce: 'pre',
    resolveId: (source, importer) =>
      source === './contract.ts' && importer?.endsWith('/contract/src/client.ts') === true ? CALLS : null,
    async load(id) {
      if (id !== CALLS) return null
      const { contract, NEEDS_IDEMPOTENCY_KEY } = (await import(pathToFileURL(contractOf).href)) as ContractModule
      const calls = mapValues(contract, (group) =>
        mapValues(group, ({ '~orpc': { route } }) => {
          const { method, path, inputStructure, outputStructure } = route
          return { '~orpc': { errorMap: {}, meta: {}, route: { method, path, inputStructure, outputStructure } } }
        }),
      )
      return [
        `export const contract = ${JSON.stringify(calls)}`,
        `export const NEEDS_IDEMPOTENCY_KEY = new Set(${JSON.stringify([...NEEDS_IDEMPOTENCY_KEY])})`,
      ].join('\n')
    },
  }
}

interface ContractModule {
  readonly contract: Record<string, Record<string, { readonly '~orpc': { readonly route: Record<string, unknown> } }>>
  readonly NEEDS_IDEMPOTENCY_KEY: ReadonlySet<string>
}

function mapValues<In, Out>(record: Record<string, In>, map: (value: In) => Out): Record<string, Out> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]))
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
  plugins: [clientWithoutSchemas(), withoutDescriptions(), precompress(join(root, 'dist', 'assets'))],
})
