// Runs dependency-cruiser and refuses a run that did not see every source file: a broken parser prints success over 0 modules.
import { execFileSync, spawnSync } from 'node:child_process'

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
  .filter((file) => /\.tsx?$/.test(file)).length
if (cruised < sources) {
  console.error(`Import check: only ${cruised} modules were cruised, but there are ${sources} source files.`)
  process.exit(1)
}
