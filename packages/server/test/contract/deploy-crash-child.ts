// Deploys into local files, or takes a deployment back, and dies, as by a power cut, right after the step that is named; run by the crash tests.
import { z } from 'zod'
import { localFilesConfig, localFilesTarget } from '../../src/adapters/deploy/local-files.ts'
import { kitWithoutNetwork } from './deploy-kit.ts'

const pair = z.object({ chainPem: z.string(), privateKeyPem: z.string(), sha256: z.string() })
const task = z
  .object({
    config: localFilesConfig,
    pair,
    dieAfter: z.string().nullable(),
    restores: z.boolean().default(false),
    /** Of the same server, deployed in the same moment; then it dies when the second of them all reaches the step. */
    alongside: z.array(z.object({ config: localFilesConfig, pair })).default([]),
  })
  .parse(JSON.parse(process.argv[2] ?? ''))

let left = task.alongside.length === 0 ? 1 : 2
const targetOf = (config: typeof task.config) =>
  localFilesTarget(config, kitWithoutNetwork, (step) => {
    if (step !== task.dieAfter) return
    left -= 1
    if (left === 0) process.kill(process.pid, 'SIGKILL')
  })
const target = targetOf(task.config)
const work = task.restores ? target.restore(task.pair.sha256, null) : target.apply(task.pair)
const others = task.alongside.map((one) => targetOf(one.config).apply(one.pair))
const evidence = await work.catch((error: unknown) => error)
await Promise.allSettled(others)
process.stdout.write(evidence instanceof Error ? `${evidence.name}: ${evidence.message}` : JSON.stringify(evidence))
