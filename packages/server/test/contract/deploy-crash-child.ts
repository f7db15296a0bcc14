// Deploys into local files, or takes a deployment back, and dies, as by a power cut, right after the step that is named; run by the crash tests.
import { z } from 'zod'
import { localFilesConfig, localFilesTarget } from '../../src/adapters/deploy/local-files.ts'
import { kitWithoutNetwork } from './deploy-kit.ts'

const task = z
  .object({
    config: localFilesConfig,
    pair: z.object({ chainPem: z.string(), privateKeyPem: z.string(), sha256: z.string() }),
    dieAfter: z.string().nullable(),
    restores: z.boolean().default(false),
  })
  .parse(JSON.parse(process.argv[2] ?? ''))

const target = localFilesTarget(task.config, kitWithoutNetwork, (step) => {
  if (step === task.dieAfter) process.kill(process.pid, 'SIGKILL')
})
const work = task.restores ? target.restore(task.pair.sha256, null) : target.apply(task.pair)
const evidence = await work.catch((error: unknown) => error)
process.stdout.write(evidence instanceof Error ? `${evidence.name}: ${evidence.message}` : JSON.stringify(evidence))
