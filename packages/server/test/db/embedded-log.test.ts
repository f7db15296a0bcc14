import { mkdtempSync, readlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { EmbeddedLog } from '../../src/db/embedded-log.ts'

/** A log whose disk is as slow as the test wants: each call waits until the test lets it end. */
function openLog() {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-log-'))
  const calls: { readonly file: string; readonly end: () => void; readonly fail: (error: Error) => void }[] = []
  const events: string[] = []
  const log = new EmbeddedLog(
    { onSynced: (mark) => void events.push(`synced ${mark}`), onFailed: ({ message }) => void events.push(`failed: ${message}`) },
    (descriptor) =>
      new Promise((end, fail) => {
        calls.push({ file: readlinkSync(`/proc/self/fd/${descriptor}`).slice(folder.length + 1), end, fail })
      }),
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
  return { log, folder, calls, events, follow, hold }
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

test('a file that cannot be opened is a failure, also for what the file before is asked for', async () => {
  const { log, folder, calls, events, follow, hold } = openLog()
  follow('a')
  hold(1)
  log.sync()
  log.follow(join(folder, 'missing'))
  calls[0]?.end()
  await turn()
  expect(events).toEqual([expect.stringMatching(/^failed: ENOENT/)])
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
