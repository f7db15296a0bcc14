// Builds the console into packages/console/dist. The argument is the hash of its sources, which scripts/run.mjs compares before it builds again.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('../packages/console', import.meta.url))
const [hash] = process.argv.slice(2)

const started = performance.now()
await build({ root, configFile: `${root}/vite.config.ts`, logLevel: 'error' })
if (hash !== undefined) writeFileSync(`${root}/dist/.evercert-build`, `${hash}\n`)
console.error(`Evercert: the console is built (${((performance.now() - started) / 1000).toFixed(1)} s).`)
