import { expect, test } from 'vitest'
import { DurableFiles, type HostModule, type HostStream } from '../../src/db/embedded-files.ts'
import { COUNTS } from '../../src/db/embedded-messages.ts'

/** Files whose operations are written down in the order in which they reach the host. */
function openFiles() {
  const done: string[] = []
  const operation = (name: string) => (target: unknown) =>
    void done.push(`${name} ${(target as Partial<HostStream>).path ?? 'node'}`)
  const named = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, operation(name)]))
  const module: HostModule = {
    NODEFS: { stream_ops: named(['read', 'write', 'close']), node_ops: named(['lookup', 'setattr', 'rename', 'unlink']) },
  }
  const log: HostStream = { nfd: 3, path: '/pglite/data/pg_wal/000000010000000000000001' }
  const table: HostStream = { nfd: 4, path: '/pglite/data/base/5/1259' }
  const paths = new Map([log, table].map(({ nfd, path }) => [nfd, path]))
  const counts = new Int32Array(new SharedArrayBuffer(COUNTS * Int32Array.BYTES_PER_ELEMENT))
  const files = new DurableFiles('/nowhere', counts, (descriptor) => void done.push(`fsync ${paths.get(descriptor) ?? ''}`))
  files.watch(module)
  const { stream_ops: stream, node_ops: node } = module.NODEFS
  return { files, done, log, table, stream, node }
}

test('the log reaches the disk when it is settled, once for all that was committed until then', () => {
  const { files, done, log, stream } = openFiles()
  for (let commit = 0; commit < 3; commit += 1) {
    stream['write']?.(log)
    stream.fsync?.(log)
  }
  expect(files.isBehind).toBe(true)
  expect(done).toEqual(['write', 'write', 'write'].map((name) => `${name} ${log.path}`))
  files.settle()
  files.settle()
  expect(files.isBehind).toBe(false)
  expect(done.slice(3)).toEqual([`fsync ${log.path}`])
})

test.each([
  ['a table is written', 'write'],
  ['a table is closed', null],
  ['a file changes its size', 'setattr'],
  ['a file gets another name', 'rename'],
  ['a file is removed', 'unlink'],
] as const)('before %s the log that belongs to it is on the disk', (_what, change) => {
  const { files, done, log, table, stream, node } = openFiles()
  stream['write']?.(log)
  stream.fsync?.(log)
  if (change === 'write') stream['write']?.(table)
  else if (change === null) stream.fsync?.(table)
  else node[change]?.({})
  expect(files.isBehind).toBe(false)
  expect(done[1]).toBe(`fsync ${log.path}`)
  expect(done).toHaveLength(3)
})

test('a file of the log that is closed was synced before; reading waits for nothing', () => {
  const { files, done, log, table, stream, node } = openFiles()
  stream.fsync?.(log)
  stream['read']?.(table)
  node['lookup']?.({})
  stream['close']?.(table)
  expect(files.isBehind).toBe(true)
  stream['close']?.(log)
  expect(done.slice(-2)).toEqual([`fsync ${log.path}`, `close ${log.path}`])
})
