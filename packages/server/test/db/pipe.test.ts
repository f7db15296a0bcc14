import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nextNumber, READY, SETTLED } from '../../src/db/embedded-messages.ts'
import { createPipe, PipeReader, PipeWriter, type PipeMemory, type PipeMessage } from '../../src/db/pipe.ts'

const MANY_BYTES = 700_000

/** Resolves with so many messages. */
async function readAll(reader: PipeReader, count: number): Promise<PipeMessage[]> {
  const messages: PipeMessage[] = []
  while (messages.length < count) {
    const more = new Promise<void>((resolve) => reader.onMore(resolve))
    for (let next = reader.next(); next !== null; next = reader.next()) messages.push(next)
    if (messages.length < count) await more
  }
  return messages
}

/** A thread that sends back what it reads, standing still while there is nothing. */
function startEcho(requests: PipeMemory, replies: PipeMemory): Worker {
  return new Worker(new URL('../support/pipe-echo.ts', import.meta.url), { workerData: { requests, replies } })
}

test('what is written is read, whole and in order, whatever its size and however much is behind', async () => {
  const [requests, replies] = [createPipe(), createPipe()]
  const worker = startEcho(requests, replies)
  const writer = new PipeWriter(requests)
  const reader = new PipeReader(replies)
  const message = fc.record({
    tag: fc.nat({ max: 0xffff_ffff }),
    sizes: fc.array(fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: MANY_BYTES })), { maxLength: 3 }),
    fill: fc.nat({ max: 255 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 12 }), async (sent) => {
      const expected = sent.map(({ tag, sizes, fill }) => {
        const parts = sizes.map((size, index) => new Uint8Array(size).fill((fill + index) % 256))
        writer.send(tag, parts)
        return { tag, bytes: Buffer.concat(parts) }
      })
      const flushing = setInterval(() => writer.flush(), 1)
      const received = await readAll(reader, sent.length).finally(() => clearInterval(flushing))
      expect(received.map(({ tag }) => tag)).toEqual(expected.map(({ tag }) => tag))
      expect(received.every(({ bytes }, index) => Buffer.compare(bytes, expected[index]?.bytes ?? Buffer.of(0)) === 0)).toBe(true)
    }),
    { numRuns: 60 },
  )
  const ended = once(worker, 'exit')
  writer.send(0, [Buffer.from('end')])
  await ended
})

test('a reader that waits is woken by what is written, and by that alone', async () => {
  const pipe = createPipe()
  const [writer, reader] = [new PipeWriter(pipe), new PipeReader(pipe)]
  let calls = 0
  reader.onMore(() => (calls += 1))
  await new Promise(setImmediate)
  expect(calls).toBe(0)
  writer.send(1, [])
  await expect.poll(() => calls).toBe(1)
  writer.send(2, [])
  expect([reader.next(), reader.next(), reader.next()].map((message) => message?.tag)).toEqual([1, 2, undefined])
  expect(reader.wait(1)).toBe(false)
  reader.onMore(() => (calls += 1))
  reader.stayAwake()
  writer.send(3, [])
  expect(reader.wait(1)).toBe(true)
  await new Promise(setImmediate)
  expect(calls).toBe(1)
  reader.onMore(() => (calls += 1))
  writer.wake()
  await expect.poll(() => calls).toBe(2)
})

test('the numbers of requests begin anew where 32 bits end, and never look like what is no reply', () => {
  const pipe = createPipe()
  const [writer, reader] = [new PipeWriter(pipe), new PipeReader(pipe)]
  const numbers = [SETTLED - 2, nextNumber(SETTLED - 2), nextNumber(SETTLED - 1)]
  for (const number of numbers) writer.send(number, [])
  expect(numbers.map(() => reader.next()?.tag)).toEqual(numbers)
  expect(numbers).toEqual([SETTLED - 2, SETTLED - 1, READY + 1])
})
