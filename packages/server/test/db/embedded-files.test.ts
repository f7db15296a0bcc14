import { expect, test } from 'vitest'
import { DurableFiles, type HostModule, type HostStream } from '../../src/db/embedded-files.ts'
import { COUNT, COUNTS, DISK, NO_MARK } from '../../src/db/embedded-messages.ts'

/** Files whose operations are written down in the order in which they reach the host. */
function openFiles() {
  const done: string[] = []
  const operation = (name: string) => (target: unknown) =>
    void done.push(`${name} ${(target as Partial<HostStream>).path ?? 'node'}`)
  const named = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, operation(name)]))
  const module: HostModule = {
    NODEFS: {
      stream_ops: named(['read', 'write', 'setattr', 'close']),
      node_ops: named(['lookup', 'setattr', 'rename', 'unlink']),
    },
  }
  const log: HostStream = { nfd: 3, path: '/pglite/data/pg_wal/000000010000000000000001' }
  const next: HostStream = { nfd: 5, path: '/pglite/data/pg_wal/000000010000000000000002' }
  const draft: HostStream = { nfd: 6, path: '/pglite/data/pg_wal/xlogtemp.42' }
  const table: HostStream = { nfd: 4, path: '/pglite/data/base/5/1259' }
  const paths = new Map([log, next, draft, table].map(({ nfd, path }) => [nfd, path]))
  const counts = new Int32Array(new SharedArrayBuffer(COUNTS * Int32Array.BYTES_PER_ELEMENT))
  const disk = { fails: false }
  /** What others saw at each call of fsync. */
  const seen: number[] = []
  const files = new DurableFiles(
    '/nowhere',
    counts,
    (path) => void done.push(`log ${path}`),
    (descriptor) => {
      done.push(`fsync ${paths.get(descriptor) ?? ''}`)
      seen.push(Atomics.load(counts, COUNT.disk))
      if (disk.fails) throw new Error('EIO')
    },
  )
  files.watch(module)
  const { stream_ops: stream, node_ops: node } = module.NODEFS
  return { files, counts, disk, seen, done, log, next, draft, table, stream, node }
}

test('the log reaches the disk when it is settled, once for all that was committed until then', () => {
  const { files, done, log, stream } = openFiles()
  for (let commit = 0; commit < 3; commit += 1) {
    stream['write']?.(log)
    stream.fsync?.(log)
  }
  expect(files.behind).toBe(3)
  expect(done.filter((what) => what.startsWith('fsync'))).toEqual([])
  files.settle()
  files.settle()
  expect(files.behind).toBe(NO_MARK)
  expect(done.slice(-1)).toEqual([`fsync ${log.path}`])
  expect(done.filter((what) => what.startsWith('fsync'))).toHaveLength(1)
})

test('what another thread brought to the disk is there, and what was committed since is not', () => {
  const { files, counts, done, log, table, stream } = openFiles()
  stream.fsync?.(log)
  Atomics.store(counts, COUNT.synced, files.behind)
  expect(files.behind).toBe(NO_MARK)
  stream['write']?.(table)
  expect(done.slice(-1)).toEqual([`write ${table.path}`])
  stream.fsync?.(log)
  expect(files.behind).toBe(2)
  stream['write']?.(table)
  expect(done.slice(-2)).toEqual([`fsync ${log.path}`, `write ${table.path}`])
})

test('each file of the log is told where the host has it, before its first mark; the one before is on the disk', () => {
  const { files, done, log, next, stream } = openFiles()
  stream.fsync?.(log)
  stream.fsync?.(log)
  stream.fsync?.(next)
  expect(done).toEqual([
    'log /nowhere/pg_wal/000000010000000000000001',
    `fsync ${log.path}`,
    'log /nowhere/pg_wal/000000010000000000000002',
  ])
  expect(files.behind).toBe(3)
})

test('what is prepared for a file of the log is synced at once, behind the log', () => {
  const { files, done, log, draft, stream } = openFiles()
  stream.fsync?.(log)
  stream.fsync?.(draft)
  expect(done.slice(-2)).toEqual([`fsync ${log.path}`, `fsync ${draft.path}`])
  expect(files.behind).toBe(NO_MARK)
})

test.each([
  ['a table is written', 'write'],
  ['a table is closed', null],
  ['a file changes its size', 'setattr'],
  ['a file that is open changes its size', 'ftruncate'],
  ['a file gets another name', 'rename'],
  ['a file is removed', 'unlink'],
] as const)('before %s the log that belongs to it is on the disk', (_what, change) => {
  const { files, done, log, table, stream, node } = openFiles()
  stream['write']?.(log)
  stream.fsync?.(log)
  if (change === 'write') stream['write']?.(table)
  else if (change === 'ftruncate') stream['setattr']?.(table)
  else if (change === null) stream.fsync?.(table)
  else node[change]?.({})
  expect(files.behind).toBe(NO_MARK)
  expect(done[2]).toBe(`fsync ${log.path}`)
  expect(done).toHaveLength(4)
})

test('a file of the log that is closed was synced before; reading waits for nothing', () => {
  const { files, done, log, table, stream, node } = openFiles()
  stream.fsync?.(log)
  stream['read']?.(table)
  node['lookup']?.({})
  stream['close']?.(table)
  expect(files.behind).not.toBe(NO_MARK)
  stream['close']?.(log)
  expect(done.slice(-2)).toEqual([`fsync ${log.path}`, `close ${log.path}`])
})

test('while it is at the disk it says so, and for ever when that failed', () => {
  const { files, counts, disk, seen, log, stream } = openFiles()
  stream.fsync?.(log)
  files.settle()
  expect(seen).toEqual([DISK.busy])
  expect(Atomics.load(counts, COUNT.disk)).toBe(DISK.idle)
  disk.fails = true
  stream.fsync?.(log)
  expect(() => files.settle()).toThrow('EIO')
  expect(Atomics.load(counts, COUNT.disk)).toBe(DISK.failed)
})
