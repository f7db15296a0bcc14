// Runs dependency-cruiser and refuses a run that did not see every source file: a broken parser prints success over 0 modules.
// Then looks in the domain for `new Date()` and its like, which the linter has no rule for: time is a parameter there.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

const roots = ['packages', 'demo', 'bench']
const result = spawnSync(
  process.execPath,
  ['node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', '--config', '.dependency-cruiser.mjs', ...roots],
  { encoding: 'utf8' },
)
process.stdout.write(result.stdout + result.stderr)
if (result.status !== 0) process.exit(result.status ?? 1)
const cruised = Number(/(\d+) modules/.exec(result.stdout)?.[1] ?? 0)
const sources = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...roots], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => /\.tsx?$/.test(file))
if (cruised < sources.length) {
  console.error(`Import check: only ${cruised} modules were cruised, but there are ${sources.length} source files.`)
  process.exit(1)
}
const domain = sources.filter((file) => file.startsWith('packages/server/src/domain/'))
const clocks = domain.filter((file) =>
  /\bnew Date(?:\(\s*\)|(?!\s*\())|(?<!new )\bDate\(|\bglobalThis\b/.test(readFileSync(file, 'utf8')),
)
if (domain.length === 0 || clocks.length > 0) {
  console.error(
    `Import check: time is a parameter of the domain, and is read in ${clocks.join(', ') || 'no file that was found'}.`,
  )
  process.exit(1)
}
