// Builds evercert-agent into one file, packages/agent/dist/evercert-agent.cjs. The argument is the hash of its sources, which scripts/run.mjs compares before it builds again.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('../packages/agent', import.meta.url))
const [hash] = process.argv.slice(2)
// Node 20 of Debian lacks the one, and hosts have no need of another program to find Node.
const BANNER = `#!/usr/bin/env node
Promise.withResolvers ??= function () {
  let resolve, reject
  const promise = new Promise((yes, no) => ((resolve = yes), (reject = no)))
  return { promise, resolve, reject }
}`

const started = performance.now()
await build({
  root,
  configFile: false,
  logLevel: 'error',
  ssr: { noExternal: true },
  build: {
    ssr: 'src/main.ts',
    target: 'node20',
    outDir: 'dist',
    emptyOutDir: true,
    minify: false,
    rolldownOptions: { output: { format: 'cjs', entryFileNames: 'evercert-agent.cjs', codeSplitting: false, banner: BANNER } },
  },
})
const built = `${root}/dist/evercert-agent.cjs`
writeFileSync(built, toAscii(readFileSync(built, 'utf8')))
chmodSync(built, 0o755)
if (hash !== undefined) writeFileSync(`${root}/dist/.evercert-build`, `${hash}\n`)
console.error(`Evercert: the agent is built (${((performance.now() - started) / 1000).toFixed(1)} s).`)

/** In strings, templates and patterns it means the same. Node keeps a source with any other letter at twice its size. */
function toAscii(code: string): string {
  return code.replaceAll(/\P{ASCII}/gu, (letter) =>
    Array.from({ length: letter.length }, (_, at) => `\\u${letter.charCodeAt(at).toString(16).padStart(4, '0')}`).join(''),
  )
}
