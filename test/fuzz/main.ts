/**
 * Changed input for everything that reads what others send. Ends with 1 when anything crashed, hung, failed with a 5xx, or was stored
 * in part.
 *
 *     npm run fuzz -- [--inputs 100000] [--seed 1]
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { readOptions } from '../../bench/support/options.ts'
import { runFuzz } from './run-fuzz.ts'

const options = readOptions({ inputs: '100000', seed: String(randomInt(1, 2 ** 31)) })
const seed = options.count('seed')
const line = (text: string): void => void process.stdout.write(`${text}\n`)
line(`Seed ${seed}: repeat with "npm run fuzz -- --seed ${seed}"`)
const startedAt = performance.now()
const reports = await runFuzz({
  seed,
  inputs: options.count('inputs'),
  onTarget: ({ name, inputs, accepted, refused, slowestMs, findings }) => {
    const counts = `${String(inputs).padStart(7)} inputs  ${String(accepted).padStart(6)} accepted  ${String(refused).padStart(6)} refused`
    line(`  ${name.padEnd(18)} ${counts}  slowest ${slowestMs.toFixed(0).padStart(4)} ms  ${findings.length} findings`)
    for (const finding of findings) line(`    ${finding}`)
  },
})
const total = reports.reduce((sum, { inputs }) => sum + inputs, 0)
const found = reports.reduce((sum, { findings }) => sum + findings.length, 0)
line(
  `${total} inputs in ${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${found === 0 ? 'nothing found' : `${found} findings`}`,
)
process.exit(found === 0 ? 0 : 1)
