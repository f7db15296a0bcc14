/**
 * Feeds all targets, each with its share, from one seed.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRandom } from './random.ts'
import type { Target, Verdict } from './target.ts'
import { apiTargets } from './targets/api.ts'
import { archiveTargets } from './targets/archives.ts'
import { pkiTargets } from './targets/pki.ts'
import { revocationTargets } from './targets/revocation.ts'

export interface TargetReport {
  readonly name: string
  readonly inputs: number
  readonly accepted: number
  readonly refused: number
  readonly slowestMs: number
  /** With the seed of each input, which repeats it. */
  readonly findings: readonly string[]
}

export interface FuzzWish {
  readonly seed: number
  readonly inputs: number
  readonly onTarget?: (report: TargetReport) => void
}

const HANG_MS = 1000
const ATTEMPTS = 3
const MAX_FINDINGS = 10

/** Never rejects for what a target did: that is a finding. */
export async function runFuzz({ seed, inputs, onTarget = () => {} }: FuzzWish): Promise<TargetReport[]> {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-fuzz-'))
  const api = await apiTargets(folder)
  try {
    const reports: TargetReport[] = []
    const readers = [...(await pkiTargets()), ...(await revocationTargets(folder)), ...(await archiveTargets(folder))]
    for (const target of [...readers, ...api.targets]) {
      const report = await feed(target, seed, Math.ceil(inputs * target.share))
      reports.push(report)
      onTarget(report)
    }
    return reports
  } finally {
    await api.stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function feed(target: Target, seed: number, inputs: number): Promise<TargetReport> {
  const counts = { accepted: 0, refused: 0 }
  const findings: string[] = []
  let slowestMs = 0
  for (let index = 0; index < inputs && findings.length < MAX_FINDINGS; index += 1) {
    const inputSeed = (seed + index * 0x9e3779b1) >>> 0
    try {
      const { verdict, ms } = await timed(target, inputSeed)
      counts[verdict] += 1
      slowestMs = Math.max(slowestMs, ms)
    } catch (error) {
      findings.push(`input ${inputSeed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    }
  }
  await target.inspect?.().catch((error: unknown) => findings.push(String(error)))
  return { name: target.name, inputs: counts.accepted + counts.refused + findings.length, ...counts, slowestMs, findings }
}

/** @throws Error when an input takes too long three times: on a busy machine the first two may be its doing */
async function timed(target: Target, inputSeed: number): Promise<{ verdict: Verdict; ms: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const startedAt = performance.now()
    const verdict = await target.feed(createRandom(inputSeed))
    const ms = performance.now() - startedAt
    if (ms <= HANG_MS) return { verdict, ms }
    if (attempt === ATTEMPTS) throw new Error(`it took ${Math.round(ms)} ms`)
  }
}
