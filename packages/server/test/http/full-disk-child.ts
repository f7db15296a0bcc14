// A service whose embedded database is on a small file system of its own, in a mount namespace of its own, which gets full and empty again; prints what it answers.
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { embeddedTemplate } from '../../../../test/harness/database-templates.ts'
import { copyFolder } from '../../../../test/harness/folders.ts'
import { IDLE_WORKER, startTestService } from '../support/service.ts'

/** The database takes a third of it; the rest is filled. */
const DISK_MB = 160
const MAX_WRITES = 400

const dataDir = join(process.argv[2] ?? '', 'disk')
mkdirSync(dataDir)
const mounting = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m`, 'tmpfs', dataDir], { encoding: 'utf8' })
if (mounting.status !== 0) throw new Error(mounting.stderr)
const folder = join(dataDir, 'database')
copyFolder(await embeddedTemplate(), folder)
const service = await startTestService({
  database: { kind: 'embedded', dataDir, databaseUrl: null, settings: { kind: 'embedded', folder } },
  worker: IDLE_WORKER,
})

const headers = { authorization: `Bearer ${service.operatorToken}`, 'content-type': 'application/json' }

async function ask(path: string, body?: object): Promise<{ readonly status: number; readonly code: string | null }> {
  const answer = await service.fetch(
    path,
    body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) },
  )
  const text = await answer.text()
  return { status: answer.status, code: answer.ok ? null : (JSON.parse(text) as { code: string }).code }
}

const before = await ask('/readyz')
const filler = join(dataDir, 'filler')
try {
  for (;;) appendFileSync(filler, Buffer.alloc(65_536))
} catch {
  // It is full.
}
const full = await ask('/readyz')
let stored = 0
let refused: unknown = null
while (refused === null && stored < MAX_WRITES) {
  const answer = await ask('/api/v1/contacts', { name: 'x'.repeat(60), email: `${stored}@example.com`, phone: '+8613800000000' })
  if (answer.code === null) stored += 1
  else refused = answer
}
rmSync(filler)
const after = await ask('/readyz')
const { items } = await service.client.contacts.list()
process.stdout.write(JSON.stringify({ before, full, refused, after, lost: stored - items.length }))
await service.stop()
process.exit(0)
