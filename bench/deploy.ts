/**
 * Deployments to files of this machine, through the service as anybody starts it: from the first target that is added until the last pair is in place, each
 * read back from its files. Making and uploading the certificates is not counted.
 *
 *     npm run bench:deploy -- [--count 1000] [--parallel 8] [--json]
 *
 * @module
 */
import { X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createChain } from '../test/harness/certificates.ts'
import { startEvercert, type Evercert } from './support/evercert.ts'
import { inParallel } from './support/in-parallel.ts'
import { readOptions } from './support/options.ts'
import { createReport } from './support/report.ts'
import { onStage } from './support/stage.ts'

const MAX_MS = 15 * 60_000
const LOOK_MS = 50
const MINUTE_MS = 60_000
/** Deployments in a minute. */
const AIM = 1_000

const options = readOptions({ count: '1000', parallel: '8', json: false, strict: false })
const count = options.count('count')
const parallel = options.count('parallel')
const report = createReport(options.isOn('json'))

interface Place {
  readonly certificateId: string
  readonly sha256: string
  readonly folder: string
}

await onStage('deploy', MAX_MS, async (stage) => {
  report.line(`${count} deployments to local targets, embedded database`)
  const evercert = await report.step('start', () => startEvercert({ dataDir: join(stage.folder, 'data') }))
  stage.add(() => evercert.process.stop())
  const places = await report.step('upload the certificates', () => upload(evercert, join(stage.folder, 'sites')))
  const startedAt = performance.now()
  await report.step('add the targets, and wait until all is in place', async () => {
    await inParallel(places, parallel, ({ certificateId, folder }, index) =>
      addTarget(evercert, { certificateId, folder, index }),
    )
    for (const place of places) while (readSha256(place.folder) !== place.sha256) await sleep(LOOK_MS)
  })
  const perMinute = (count / (performance.now() - startedAt)) * MINUTE_MS
  const verdict = report.judge(perMinute > AIM)
  if (options.isOn('json')) {
    const result = { bench: 'deploy', count, parallel, aim: AIM, perMinute: Math.round(perMinute), verdict }
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
    return
  }
  report.line()
  report.table([
    ['deployments', 'in a minute', 'aim'],
    [String(count), perMinute.toFixed(0), `> ${AIM}: ${verdict}`],
  ])
})
process.exit(report.exitCode(options.isOn('strict')))

async function upload({ client }: Evercert, sites: string): Promise<readonly Place[]> {
  const authority = createChain()
  const wished = Array.from({ length: count }, (_, index) => ({
    index,
    leaf: authority.issue({ names: [`site-${index}.example.com`] }),
  }))
  const places: Place[] = []
  await inParallel(wished, parallel, async ({ index, leaf: { chainPem, privateKeyPem, sha256 } }) => {
    const { id } = await client.certificates.upload({ name: `site-${index}`, certificatePem: chainPem, privateKeyPem })
    const folder = join(sites, String(index))
    mkdirSync(folder, { recursive: true })
    places.push({ certificateId: id, sha256, folder })
  })
  return places
}

interface NewPlace {
  readonly certificateId: string
  readonly folder: string
  readonly index: number
}

async function addTarget({ client }: Evercert, { certificateId, folder, index }: NewPlace): Promise<void> {
  const config = { certificatePath: join(folder, 'site.pem'), keyPath: join(folder, 'site.key') }
  await client.targets.create({ certificateId, name: `target-${index}`, kind: 'localFiles', config })
}

/** Of what a server would read; null until there is something. */
function readSha256(folder: string): string | null {
  try {
    const leaf = new X509Certificate(readFileSync(join(folder, 'site.pem')))
    return leaf.fingerprint256.replaceAll(':', '').toLowerCase()
  } catch {
    return null
  }
}
