// Asks the registry about the dependencies of the lock file: known advisories, and signatures of what is installed. Ends with 1 when there
// is something to act on, with 2 when the registry did not answer, so that nothing was checked. With --quick, as `npm test` does it: the
// advisories alone, within seconds, and a registry that does not answer is said and passes, so that a machine without one can test.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { releasedPackages } from './sbom.ts'

const ROOT = join(import.meta.dirname, '..')
const TIMEOUT_MS = 120_000
const QUICK_TIMEOUT_MS = 8_000
/** npm tries again after 10 and 60 seconds unless told otherwise. */
const QUICK_OPTIONS = ['--fetch-retries=0', '--fetch-timeout=6000']

/** An advisory that was read and does not concern us, or cannot be mended yet. From `until` (a day, UTC) on it counts again. */
export interface Accepted {
  readonly advisory: string
  readonly reason: string
  readonly until: string
}
const ACCEPTED: readonly Accepted[] = []

type Verdict = 'fine' | 'act' | 'unanswered'

interface Check {
  readonly what: string
  readonly args: readonly string[]
  /** Reads npm's JSON. Null: it is not an answer. */
  readonly judge: (answer: Record<string, unknown>) => readonly string[] | null
}

const ADVISORIES: Check = {
  what: 'advisories for what a release contains',
  args: ['audit', '--json'], // of all, since what "--omit=dev" leaves out is not what a release leaves out
  judge: (answer) => {
    const released = releasedPackages()
    return readAdvisories(answer, { isReleased: (name) => released.has(name) })
  },
}
const SIGNATURES: Check = {
  what: 'signatures of the installed packages',
  args: ['audit', 'signatures', '--json'],
  judge: readSignatures,
}

/** What npm says of one package: in `via` its own advisories, and the names of packages through which it is concerned. */
interface Concerned {
  readonly severity?: string
  readonly range?: string
  readonly via?: readonly (string | Advisory)[]
  readonly fixAvailable?: boolean | { readonly name?: string; readonly version?: string; readonly isSemVerMajor?: boolean }
}
interface Advisory {
  /** Ends with the advisory's identifier, GHSA-…. */
  readonly url?: string
  readonly title?: string
}

export interface ReadOptions {
  readonly accepted?: readonly Accepted[]
  readonly today?: Date
  /** Whether a release has the package; npm counts tools of development to production that some package could use if they were there. */
  readonly isReleased?: (name: string) => boolean
}
const SHOWN = 5

/**
 * One line for each package with advisories of its own, whatever their severity, and what to do; packages that are concerned through others
 * are counted with those, since mending those mends them.
 */
export function readAdvisories(answer: Record<string, unknown>, options: ReadOptions = {}): readonly string[] | null {
  const { accepted = ACCEPTED, today = new Date(), isReleased = () => true } = options
  const { vulnerabilities } = answer
  if (vulnerabilities === null || typeof vulnerabilities !== 'object') return null
  const concerned = Object.entries(vulnerabilities as Record<string, Concerned>)
  const day = today.toISOString().slice(0, 10)
  const ids = new Set(accepted.filter(({ until }) => day < until).map(({ advisory }) => advisory))
  return concerned.flatMap(([name, each]) => {
    const { severity = 'unknown severity', range = '', via = [] } = each
    const own = via.filter((cause) => typeof cause !== 'string').filter(({ url }) => !ids.has(url?.split('/').at(-1) ?? ''))
    if (own.length === 0 || !isReleased(name)) return []
    const others = concerned.filter(([, other]) => other.via?.includes(name)).map(([other]) => other)
    const through =
      others.length === 0 ? '' : ` Through it: ${others.slice(0, SHOWN).join(', ')}${others.length > SHOWN ? ', …' : ''}.`
    const why = own.map(({ title, url }) => `${title}: ${url}`).join('; ')
    return [`${`${name} ${range}`.trim()} (${severity}) ${why}.${through} ${remedyOf(each)}`]
  })
}

function remedyOf({ fixAvailable }: Concerned): string {
  if (fixAvailable === true) return 'Remedy: "npm audit fix", which stays within the versions that package.json allows.'
  if (typeof fixAvailable === 'object') {
    const { name, version, isSemVerMajor = false } = fixAvailable
    const warning = isSemVerMajor ? ', a new major version: read its changes' : ''
    return `Remedy: "npm install --save-exact ${name}@${version}" in the workspace that names it${warning}.`
  }
  return 'Remedy: no fixed version is known. Replace the package, or, if it does not concern us, say why in ACCEPTED of scripts/audit.ts.'
}

/** One line for each package whose signature is wrong; or missing where its registry gives signatures. */
export function readSignatures(answer: Record<string, unknown>): readonly string[] | null {
  const { invalid, missing } = answer
  if (!Array.isArray(invalid) || !Array.isArray(missing)) return null
  const line = (what: string) => (each: { name?: string; version?: string }) => `${each.name}@${each.version} (${what} signature)`
  return [...invalid.map(line('invalid')), ...missing.map(line('no'))]
}

function run({ what, args, judge }: Check, timeout: number): Verdict {
  const isWindows = process.platform === 'win32'
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26, timeout, killSignal: 'SIGKILL', shell: isWindows } as const
  const { stdout, stderr, error } = spawnSync('npm', args, options)
  const answer = parse(stdout)
  const found = judge(answer)
  if (found === null) {
    const told = error?.message ?? /npm error network request to (.+)/.exec(stderr ?? '')?.[1] ?? answer['message']
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

function main(isQuick: boolean): number {
  if (isQuick) return run({ ...ADVISORIES, args: [...ADVISORIES.args, ...QUICK_OPTIONS] }, QUICK_TIMEOUT_MS) === 'act' ? 1 : 0
  const verdicts = [ADVISORIES, SIGNATURES].map((check) => run(check, TIMEOUT_MS))
  if (verdicts.includes('act')) return 1
  return verdicts.includes('unanswered') ? 2 : 0
}

if (import.meta.main) process.exit(main(process.argv.includes('--quick')))
