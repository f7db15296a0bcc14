// What Node 24 runs. Plain JavaScript, so that the compile cache is on before the first file with types: what comes from it needs no stripping,
// and the stripper, which takes 18 MB, is not loaded.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

// In the installation, whose owner alone writes there; in a read-only one it is slower.
enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/node', import.meta.url)))
await import('../src/main.ts')
