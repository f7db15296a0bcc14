// Asks the registry about the dependencies of the lock file: known advisories, and signatures of what is installed. Ends with 1 when there
// is something to act on, with 2 when the registry did not answer, so that nothing was checked.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const TIMEOUT_MS = 120_000

type Verdict = 'fine' | 'act' | 'unanswered'

interface Check {
  readonly what: string
  readonly args: readonly string[]
  /** Reads npm's JSON. Null: it is not an answer. */
  readonly judge: (answer: Record<string, unknown>) => readonly string[] | null
}

const CHECKS: readonly Check[] = [
  { what: 'advisories for what a release contains', args: ['audit', '--omit=dev', '--json'], judge: readAdvisories },
  { what: 'signatures of the installed packages', args: ['audit', 'signatures', '--json'], judge: readSignatures },
]

/** One line for each package with an advisory, whatever its severity. */
export function readAdvisories(answer: Record<string, unknown>): readonly string[] | null {
  const { vulnerabilities } = answer
  if (vulnerabilities === null || typeof vulnerabilities !== 'object') return null
  return Object.entries(vulnerabilities as Record<string, { severity?: string; range?: string }>).map(
    ([name, { severity, range }]) => `${name} ${range ?? ''} (${severity ?? 'unknown severity'})`,
  )
}

/** One line for each package whose signature is wrong; or missing where its registry gives signatures. */
export function readSignatures(answer: Record<string, unknown>): readonly string[] | null {
  const { invalid, missing } = answer
  if (!Array.isArray(invalid) || !Array.isArray(missing)) return null
  const line = (what: string) => (each: { name?: string; version?: string }) => `${each.name}@${each.version} (${what} signature)`
  return [...invalid.map(line('invalid')), ...missing.map(line('no'))]
}

function run({ what, args, judge }: Check): Verdict {
  const isWindows = process.platform === 'win32'
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26, timeout: TIMEOUT_MS, shell: isWindows } as const
  const { stdout, stderr } = spawnSync('npm', args, options)
  const answer = parse(stdout)
  const found = judge(answer)
  if (found === null) {
    const told = /npm error network request to (.+)/.exec(stderr ?? '')?.[1] ?? answer['message']
    const reason = typeof told === 'string' ? told : 'no answer'
    console.error(`NOT CHECKED: ${what}. The registry does not answer "npm ${args.join(' ')}" (${reason}).`)
    return 'unanswered'
  }
  for (const line of found) console.error(`  ${line}`)
  console.error(found.length === 0 ? `Checked, nothing found: ${what}.` : `${found.length} found: ${what}.`)
  return found.length === 0 ? 'fine' : 'act'
}

function parse(text: string | null): Record<string, unknown> {
  try {
    return JSON.parse(text ?? '') as Record<string, unknown>
  } catch {
    return {}
  }
}

function main(): number {
  const verdicts = CHECKS.map(run)
  if (verdicts.includes('act')) return 1
  return verdicts.includes('unanswered') ? 2 : 0
}

if (import.meta.main) process.exit(main())
