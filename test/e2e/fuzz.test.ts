/** A short run of `npm run fuzz`, always with the same inputs. */
import { expect, it } from 'vitest'
import { runFuzz } from '../fuzz/run-fuzz.ts'

const INPUTS = 2000

it('changed input crashes nothing, hangs nothing, is never our own failure, and stores nothing in part', async () => {
  const reports = await runFuzz({ seed: 20_261_124, inputs: INPUTS })
  expect(reports.flatMap(({ name, findings }) => findings.map((finding) => `${name}: ${finding}`))).toEqual([])
  expect(reports.reduce((sum, { inputs }) => sum + inputs, 0)).toBeGreaterThanOrEqual(INPUTS)
  // A fuzzer whose input is all refused at the door, or all taken, tests little.
  // In bulk a request is taken, and its entries are refused one by one.
  for (const { name, refused } of reports)
    expect({ name, refused: refused > 0 || name === 'API: PEM in bulk' }).toEqual({ name, refused: true })
  const accepted = reports.filter((report) => report.accepted > 0).map(({ name }) => name)
  expect(accepted).toEqual(expect.arrayContaining(['PEM chains', 'DER certificates', 'archives', 'API: PEM in bulk']))
})
