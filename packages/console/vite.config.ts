import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { defineConfig, type HtmlTagDescriptor, type Plugin } from 'vite'

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

const FIRST_MODULES = /\/(i18n\/(zh|en)\/index\.ts|antd\/es\/locale\/zh_CN\.js|certificates-page\.tsx)$/

/** What the first page needs is asked for with the page itself, not one after the other. Which language it is nobody knows yet: both are small. */
function preloadFirstPage(): Plugin {
  return {
    name: 'evercert-preload-first-page',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler: (_html, { bundle }) =>
        Object.values(bundle ?? {}).flatMap((file): HtmlTagDescriptor[] => {
          const href = `/${file.fileName}`
          if (file.type === 'asset') {
            return /\/start-[^/]*\.css$/.test(href) ? [preload({ rel: 'preload', as: 'style', href })] : []
          }
          const isFirst = file.name === 'start' || FIRST_MODULES.test(file.facadeModuleId ?? '')
          return isFirst ? [preload({ rel: 'modulepreload', crossorigin: true, href })] : []
        }),
    },
  }
}

function preload(attrs: Record<string, string | boolean>): HtmlTagDescriptor {
  return { tag: 'link', attrs, injectTo: 'head' }
}

const START_PAGE = '/pages/certificates/certificates-page.tsx'

interface ModuleGraph {
  getModuleInfo(id: string): { readonly importedIds: readonly string[] } | null
}

/** What a module imports, and what that imports, without what is loaded later. */
function reachableFrom(graph: ModuleGraph, id: string, seen: Set<string>): Set<string> {
  // The contract's index names every schema; what is used of it is found without it.
  if (seen.has(id) || id.endsWith('/contract/src/index.ts')) return seen
  seen.add(id)
  for (const each of graph.getModuleInfo(id)?.importedIds ?? []) reachableFrom(graph, each, seen)
  return seen
}

let groups: { readonly base: ReadonlySet<string>; readonly start: ReadonlySet<string> } | null = null

/**
 * One file for what every page begins with, and one for the rest of the first page: left alone they are fifty, and a browser has six connections.
 */
function firstLoadGroup(id: string, graph: ModuleGraph): string | null {
  groups ??= {
    base: reachableFrom(graph, join(root, 'src', 'main.tsx'), new Set()),
    start: reachableFrom(graph, join(root, 'src', START_PAGE), new Set()),
  }
  if (id.endsWith('/src/main.tsx')) return null // the entry
  if (groups.base.has(id)) return 'base'
  return groups.start.has(id) ? 'start' : null
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
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: firstLoadGroup }] } } },
  },
  plugins: [clientWithoutSchemas(), withoutDescriptions(), preloadFirstPage(), precompress(join(root, 'dist', 'assets'))],
})
