// Deploys into small file systems of its own, in a mount namespace of its own, that fill up or turn read-only after a step; prints what became of each.
import { spawnSync } from 'node:child_process'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Step } from '@evercert/pair-files/pair-context'
import { createChain, type TestLeaf } from '../../../../test/harness/certificates.ts'
import { AppError } from '../../src/domain/errors.ts'
import { localFilesConfig, localFilesTarget } from '../../src/adapters/deploy/local-files.ts'
import type { DeployTarget } from '../../src/ports/deploy.ts'
import { kitWithoutNetwork } from './deploy-kit.ts'
import type { DiskFault, FaultCase, FaultReport, Look } from './deploy-disk-cases.ts'

const [, , folder = '', cases = '[]'] = process.argv
const mount = join(folder, 'disk')
const outside = (name: string) => join(folder, name)
const paths = { certificatePath: join(mount, 'site.pem'), keyPath: join(mount, 'site.key') }
const authority = createChain()
const [old, next] = [authority.issue({ names: ['site.test'] }), authority.issue({ names: ['site.test'] })] as const

function run(program: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
}

/** Blocks and inodes both: nothing can be made any more, not even a link. */
function fill(): void {
  try {
    writeFileSync(join(mount, 'filler'), Buffer.alloc(1024 * 1024))
  } catch {
    // Until it is full.
  }
  try {
    for (let count = 0; ; count++) writeFileSync(join(mount, `filler-${count}`), '')
  } catch {
    // As above.
  }
}

const FAULTS: Record<DiskFault, { readonly strike: () => void; readonly mend: () => void }> = {
  full: {
    strike: fill,
    mend: () => {
      for (const name of readdirSync(mount)) if (name.startsWith('filler')) rmSync(join(mount, name))
    },
  },
  readOnly: { strike: () => run('mount', '-o', 'remount,ro', mount), mend: () => run('mount', '-o', 'remount,rw', mount) },
}

/** The server of the test keeps in memory what its last reload read; `refuses` makes it dislike the new pair. */
function targetFor({ refuses }: Pick<FaultCase, 'refuses'>, onStep?: (step: Step) => void): DeployTarget {
  const [isOld, load] = [
    `cmp -s ${paths.certificatePath} ${outside('old.pem')}`,
    `cp ${paths.certificatePath} ${outside('loaded.pem')}`,
  ]
  const config = localFilesConfig.parse({
    ...paths,
    testCommand: refuses === 'test' ? ['sh', '-c', isOld] : ['true'],
    reloadCommand: ['sh', '-c', refuses === 'reload' ? `${isOld} && ${load}` : load],
  })
  return localFilesTarget(config, kitWithoutNetwork, onStep)
}

function nameOf(certificate: string | null, key: string | null): Look['files'] {
  if (certificate === null || key === null) return certificate === key ? 'none' : 'torn'
  const leaf = new X509Certificate(certificate)
  if (!leaf.checkPrivateKey(createPrivateKey(key))) return 'torn'
  const is = ({ pem }: TestLeaf) => leaf.fingerprint256 === new X509Certificate(pem).fingerprint256
  return is(old) ? 'old' : is(next) ? 'next' : 'torn'
}

const readOrNull = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : null)

function look(): Look {
  const loaded = readOrNull(outside('loaded.pem'))
  return {
    files: nameOf(readOrNull(paths.certificatePath), readOrNull(paths.keyPath)),
    loaded: loaded === null ? 'none' : loaded === old.chainPem ? 'old' : 'next',
    leftovers: readdirSync(mount, { recursive: true, encoding: 'utf8' }).filter((name) => /unfinished|pending|lock/.test(name)),
  }
}

async function outcomeOf(work: Promise<unknown>): Promise<FaultReport['outcome']> {
  try {
    await work
    return { code: null, message: '' }
  } catch (error) {
    return { code: error instanceof AppError ? error.code : 'unknown', message: String(error) }
  }
}

async function tryOut(wanted: FaultCase): Promise<FaultReport> {
  prepare(wanted)
  const fault = FAULTS[wanted.fault]
  let isStruck = false
  const target = targetFor(wanted, (step) => {
    if (step !== wanted.step || isStruck) return
    isStruck = true
    fault.strike()
  })
  const outcome = await outcomeOf(target.apply(next))
  const during = look()
  if (isStruck) fault.mend()
  const refused = wanted.refuses === null ? null : await outcomeOf(targetFor(wanted).apply(next))
  const refusedAgain = refused === null ? null : { code: refused.code, look: look() }
  const again = await outcomeOf(targetFor({ refuses: null }).apply(next))
  return { ...wanted, isStruck, outcome, during, refusedAgain, again, after: look() }
}

function prepare({ isFirst }: FaultCase): void {
  for (const name of readdirSync(mount)) rmSync(join(mount, name), { recursive: true })
  writeFileSync(outside('old.pem'), old.chainPem)
  rmSync(outside('loaded.pem'), { force: true })
  if (isFirst) return
  writeFileSync(paths.certificatePath, old.chainPem)
  writeFileSync(paths.keyPath, old.privateKeyPem, { mode: 0o600 })
  writeFileSync(outside('loaded.pem'), old.chainPem)
}

mkdirSync(mount)
run('mount', '-t', 'tmpfs', '-o', 'size=512k,nr_inodes=100', 'tmpfs', mount)
const reports: FaultReport[] = []
for (const wanted of JSON.parse(cases) as FaultCase[]) reports.push(await tryOut(wanted))
process.stdout.write(JSON.stringify(reports))
