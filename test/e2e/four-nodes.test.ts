/**
 * One name, four hosts behind it, each in a network namespace of its own: one stale, one with a wrong chain, one that resets, one that has
 * IPv6 alone. The proof says of each address what is wrong there.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import type { FourNodesReport } from '../harness/four-nodes.ts'

const CHILD = fileURLToPath(new URL('../harness/four-nodes.ts', import.meta.url))
const IN_A_NAMESPACE = ['-rn', '--'] as const
const CHILD_TIMEOUT_MS = 60_000

it('four hosts behind one name: a verdict for each address, with what to do there', (context) => {
  const tryIt =
    'ip link set lo up && ip link add br0 type bridge && ip link add node0 type veth peer name node1 && unshare -n true'
  const trial = spawnSync('unshare', [...IN_A_NAMESPACE, 'sh', '-c', tryIt], { encoding: 'utf8' })
  if (trial.status !== 0) context.skip(`no network can be made in a namespace here: ${trial.stderr || String(trial.error)}`)
  const folder = mkdtempSync(join(tmpdir(), 'evercert-four-nodes-'))
  try {
    const args = [...IN_A_NAMESPACE, process.execPath, CHILD, folder]
    const { stdout, stderr } = spawnSync('unshare', args, { encoding: 'utf8', timeout: CHILD_TIMEOUT_MS })
    if (stdout === '') throw new Error(`the process in the namespace wrote nothing: ${stderr}`)
    const { fresh, old, ok, asked, addresses } = JSON.parse(stdout) as FourNodesReport
    expect(asked).toEqual(['A', 'AAAA'])
    expect(ok).toBe(false)
    expect(addresses.map(({ address, verdict, seen }) => [address, verdict, seen])).toEqual([
      ['192.0.2.11', 'oldCertificate', old],
      ['192.0.2.12', 'incompleteChain', fresh],
      ['192.0.2.13', 'unreachable', 'reset'],
      ['2001:db8::14', 'served', fresh],
    ])
    for (const { address, verdict, cause, remedy } of addresses) {
      expect(cause).toContain(address)
      expect([address, remedy === 'Nothing to do.']).toEqual([address, verdict === 'served'])
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
