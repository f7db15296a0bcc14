/**
 * BIND's own `nsupdate`, as an administrator would use it: the records of a test do not go through the code that is tested.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Bind } from '../../harness/bind.ts'

/** @param updates lines such as `add _acme-challenge.zone.test 60 TXT "value"` */
export async function nsupdate(bind: Bind, updates: readonly string[]): Promise<void> {
  const { name, algorithm, secret } = bind.keys.sha256
  const child = spawn('nsupdate', ['-y', `${algorithm}:${name}:${secret}`], { stdio: ['pipe', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stdin.end(
    [`server 127.0.0.1 ${bind.port}`, `zone ${bind.zone}`, ...updates.map((line) => `update ${line}`), 'send', ''].join('\n'),
  )
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`nsupdate ended with ${code}: ${output}`)
}
