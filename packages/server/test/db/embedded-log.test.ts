import { mkdtempSync, readlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { EmbeddedLog } from '../../src/db/embedded-log.ts'
import { DISK } from '../../src/db/embedded-messages.ts'
import { waitFor } from '../support/wait-for.ts'

/** A log whose disk is as slow as the test wants: each call waits until the test lets it end. */
function openLog(patienceMs?: number) {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-log-'))
  const calls: { readonly file: string; readonly end: () => void; readonly fail: (error: Error) => void }[] = []
  const events: string[] = []
  const thread: { disk: number } = { disk: DISK.idle }
  const log = new EmbeddedLog(
    {
      onSynced: (mark) => void events.push(`synced ${mark}`),
      onFailed: ({ message }) => void events.push(`failed: ${message}`),
      onLate: () => void events.push('late'),
      diskOfThread: () => thread.disk,
    },
    (descriptor) =>
      new Promise((end, fail) => {
        calls.push({ file: readlinkSync(`/proc/self/fd/${descriptor}`).slice(folder.length + 1), end, fail })
      }),
    patienceMs,
  )
  const follow = (name: string): void => {
    writeFileSync(join(folder, name), '')
    log.follow(join(folder, name))
  }
  const hold = (mark: number): void => log.hold(mark, () => void events.push(`told ${mark}`))
  onTestFinished(async () => {
    const closed = log.close()
    for (const { end } of calls) end()
    await closed
  })
  return { log, folder, calls, events, thread, follow, hold }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

test('nothing is told before the disk has it; what comes while the disk is busy waits for the next time, together', async () => {
  const { log, calls, events, follow, hold } = openLog()
  follow('a')
  hold(1)
  log.sync()
  for (const mark of [2, 2, 3]) {
    hold(mark)
    log.sync()
  }
  await turn()
  expect(calls).toHaveLength(1)
  expect(events).toEqual([])
  calls[0]?.end()
  await turn()
  expect(events).toEqual(['synced 1', 'told 1'])
  expect(calls).toHaveLength(2)
  calls[1]?.end()
  await turn()
  expect(events.slice(2)).toEqual(['synced 3', 'told 2', 'told 2', 'told 3'])
})

test('a disk that fails is not asked again: what is held is never told', async () => {
  const { log, calls, events, follow, hold } = openLog()
  follow('a')
  hold(1)
  log.sync()
  hold(2)
  calls[0]?.fail(new Error('EIO'))
  await turn()
  hold(3)
  log.sync()
  await log.close()
  expect(events).toEqual(['failed: EIO'])
  expect(calls).toHaveLength(1)
})

test('the log goes on in another file: the one before is left open until the disk is through with it', async () => {
  const { log, calls, events, follow, hold } = openLog()
  follow('a')
  hold(1)
  log.sync()
  follow('b')
  hold(2)
  calls[0]?.end()
  await turn()
  calls[1]?.end()
  await turn()
  expect(calls.map(({ file }) => file)).toEqual(['a', 'b'])
  expect(events).toEqual(['synced 1', 'told 1', 'synced 2', 'told 2'])
})

test('for a file that cannot be opened, as when it has another name by now, the thread of the database is asked', async () => {
  const { log, folder, calls, events, follow, hold } = openLog()
  log.follow(join(folder, 'missing'))
  hold(1)
  log.sync()
  hold(2)
  log.sync()
  await turn()
  expect(events).toEqual(['late'])
  log.settled()
  expect(events.slice(1)).toEqual(['told 1', 'told 2'])
  follow('a')
  hold(3)
  log.sync()
  calls[0]?.end()
  await turn()
  expect(events.slice(3)).toEqual(['synced 3', 'told 3'])
})

test('closing waits for all that is held', async () => {
  const { log, calls, events, follow, hold } = openLog()
  follow('a')
  hold(1)
  log.sync()
  hold(2)
  const closed = log.close()
  for (let call = 0; call < 2; call += 1) {
    calls[call]?.end()
    await turn()
  }
  await closed
  expect(events).toEqual(['synced 1', 'told 1', 'synced 2', 'told 2'])
})

test.each([
  ['ends well', DISK.idle, ['synced 1', 'told 1']],
  ['fails', DISK.failed, []],
] as const)(
  'of a file that was opened while the thread is at the disk itself nothing is told before that %s',
  async (_what, end, told) => {
    const { log, calls, events, thread, follow, hold } = openLog()
    thread.disk = DISK.busy
    follow('a')
    hold(1)
    log.sync()
    calls[0]?.end()
    await turn()
    expect(events).toEqual([]) // a failure may have been told there, and is not told here again
    expect(calls).toHaveLength(2)
    thread.disk = end
    calls[1]?.end()
    await turn()
    expect(events).toEqual(told)
    await log.close()
    expect(calls).toHaveLength(2)
  },
)

test('what the thread does to the disk later is told to both: nothing waits for it', async () => {
  const { log, calls, events, thread, follow, hold } = openLog()
  follow('a')
  thread.disk = DISK.busy
  hold(1)
  log.sync()
  calls[0]?.end()
  await turn()
  expect(events).toEqual(['synced 1', 'told 1'])
})

test('while the host has no thread for it, the thread of the database is asked, once for all that is held', async () => {
  const { log, calls, events, follow, hold } = openLog(1)
  follow('a')
  hold(1)
  log.sync()
  await waitFor('it to be late', () => Promise.resolve(events.at(-1) === 'late' ? true : null))
  hold(2)
  log.sync()
  expect(events).toEqual(['late'])
  log.settled()
  expect(events.slice(1)).toEqual(['told 1', 'told 2'])
  hold(3)
  log.sync()
  expect(events.slice(3)).toEqual(['late'])
  calls[0]?.end()
  await turn()
  expect(events.slice(4)).toEqual(['synced 1'])
  expect(calls).toHaveLength(2) // the host has time again
  calls[1]?.end()
  await turn()
  expect(events.slice(5)).toEqual(['synced 3', 'told 3'])
})
