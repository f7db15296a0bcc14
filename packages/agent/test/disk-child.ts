// An agent whose files and state are on a small file system of its own, in a mount namespace of its own, that is full or read-only; prints what it reports.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createChain } from '../../../test/harness/certificates.ts'
import { run as runAgent } from '../src/run.ts'
import { drawIdentity, storeIdentity } from '../src/state.ts'

const [, , folder = '', fault = ''] = process.argv
const disk = join(folder, 'disk')
const authority = createChain()
const [old, next] = [authority.issue({ names: ['site.test'] }), authority.issue({ names: ['site.test'] })] as const

function run(program: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`)
}

function fill(): void {
  try {
    writeFileSync(join(disk, 'filler'), Buffer.alloc(2 * 1024 * 1024))
  } catch {
    // Until it is full.
  }
  try {
    for (let count = 0; ; count++) writeFileSync(join(disk, `filler-${count}`), '')
  } catch {
    // As above.
  }
}

mkdirSync(disk)
run('mount', '-t', 'tmpfs', '-o', 'size=512k,nr_inodes=100', 'tmpfs', disk)
const site = { server: 'files', certificatePath: join(disk, 'site.pem'), keyPath: join(disk, 'site.key') }
writeFileSync(site.certificatePath, old.chainPem)
writeFileSync(site.keyPath, old.privateKeyPem, { mode: 0o600 })

const { chainPem, privateKeyPem, sha256 } = next
const queue = [
  { id: 'wrk_1', lease: 'l', kind: 'install', site: 'shop', sha256, chainPem, privateKeyPem },
  { id: 'wrk_2', lease: 'l', kind: 'csr', site: 'shop', domains: ['site.test'], key: 'p256' },
]
const ending = new AbortController()
const statements: unknown[] = []
const service = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const { statement } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly statement?: string }
    if (statement !== undefined) statements.push(JSON.parse(statement))
    if (statements.length === 2) ending.abort()
    const answer = request.url?.endsWith('/poll') === true ? { work: queue.shift() ?? null } : { taken: true }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
})
await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
const server = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
const stateFolder = join(disk, 'state')
storeIdentity(stateFolder, { ...drawIdentity(server), id: 'agt_1', name: 'web1' })
const configPath = join(folder, 'config.json')
const discover = { nginx: [], apache: [], haproxy: [] }
writeFileSync(configPath, JSON.stringify({ server, stateFolder, discover, sites: { shop: site } }), { mode: 0o644 })
if (fault === 'full') fill()
else run('mount', '-o', 'remount,ro', disk)
await runAgent({ configPath, say: (en) => en, log: () => {}, signal: ending.signal })
service.close()
service.closeAllConnections()
const left = readdirSync(join(disk, 'state'), { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('unfinished'))
const isOld = readFileSync(site.certificatePath, 'utf8') === old.chainPem
process.stdout.write(JSON.stringify({ statements, left, isOld }))
