/**
 * The thread of the embedded database: PGlite in a folder, made durable. It runs what it is sent in order, and answers each request with one
 * reply: of a commit, and of all that was read outside a transaction since, when it is on the disk; within a transaction at once. So transactions
 * that follow each other closely wait for the disk together.
 *
 * It has no other events than its requests: it stands still while there are none.
 *
 * @module
 */
import { workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { serialize } from 'pg-protocol'
import { DurableFiles } from './embedded-files.ts'
import { COUNT, nextNumber, READY, REQUEST, type EmbeddedThreadData } from './embedded-messages.ts'
import { readProgram } from './embedded-program.ts'
import { PipeReader, PipeWriter, type PipeMessage } from './pipe.ts'

/** Of the platform; the types of Node leave it to those of browsers. */
declare const WebAssembly: { compile(program: Uint8Array): Promise<object> }

/**
 * `shared_buffers`: PostgreSQL's own 128 MB made the process 120 MB larger than a tenth of it, and the files are in the
 * system's cache anyway. `wal_buffers`: with the 256 kB that follow from that, a large transaction wrote its log page by page, three hundred times
 * in place of fifty.
 */
const SETTINGS = ['wal_sync_method=fsync', 'shared_buffers=8MB', 'wal_buffers=2MB']

/** Replies that wait for the disk wait no longer than this while a transaction that came behind them goes on. */
const MAX_HELD_MS = 2
const MAX_HELD = 32
/** The last byte of what the server sends, in ReadyForQuery: no transaction is open. */
const IDLE = 0x49

interface Reply {
  readonly number: number
  readonly parts: readonly Uint8Array[]
}

const { counts, ...pipes } = workerData as EmbeddedThreadData
const requests = new PipeReader(pipes.requests)
const replies = new PipeWriter(pipes.replies)
const { defaultStartParams } = PGlite as unknown as { defaultStartParams: readonly string[] }
// What takes time and needs no folder comes first: it may be done while the rest of the server is loaded.
const program = await readProgram()
const pgliteWasmModule = await WebAssembly.compile(program)
program.buffer.transfer(0) // V8 has a copy; these 9 MB are free now, and not when garbage is collected here
let first = requests.next()
while (first === null) {
  requests.wait()
  first = requests.next()
}
const folder = first.bytes.toString()
const files = new DurableFiles(folder, counts)
const pglite = new PGlite({
  pgliteWasmModule,
  fs: files,
  startParams: [
    ...defaultStartParams.filter((parameter) => parameter !== '-F'),
    ...SETTINGS.flatMap((setting) => ['-c', setting]),
  ],
})
await pglite.waitReady
const rollback = serialize.query('ROLLBACK')
let lastNumber = 0
let held: Reply[] = []
let heldUntil = 0

files.settle()
reply({ number: READY, parts: [] })
await serve()
await pglite.close()
files.settle()

/** Until it is told to close. */
async function serve(): Promise<void> {
  let isOpen = false
  for (;;) {
    const request = requests.next()
    if (request === null) waitForMore(isOpen)
    else if (request.tag === REQUEST.close) return release()
    else isOpen = await answer(request)
    if (held.length >= MAX_HELD) release()
  }
}

/** Who has the open transaction asks again in less time than the disk takes. */
function waitForMore(isOpen: boolean): void {
  if (requests.isWithin) replies.wake() // the rest of it waits for the room that is there now
  if (held.length === 0) requests.wait()
  else {
    const leftMs = isOpen ? heldUntil - performance.now() : 0
    if (leftMs <= 0 || !requests.wait(leftMs)) release()
  }
}

/** @returns whether a transaction is open behind it */
async function answer({ tag, bytes }: PipeMessage): Promise<boolean> {
  const parts = await run(bytes)
  const isOpen = parts.at(-1)?.at(-1) !== IDLE
  const mustEnd = isOpen && tag === REQUEST.runAlone
  if (mustEnd) await run(rollback)
  const message = { number: (lastNumber = nextNumber(lastNumber)), parts }
  Atomics.add(counts, COUNT.run, 1)
  if (isOpen && !mustEnd) {
    reply(message)
    return true
  }
  if (held.length === 0 && !files.isBehind) reply(message)
  else {
    if (held.length === 0) heldUntil = performance.now() + MAX_HELD_MS
    held.push(message)
  }
  return false
}

/** Raw, since the other side reads them: PGlite would read them too. What the server sends is in its memory, and is copied from there. */
async function run(messages: Uint8Array): Promise<Uint8Array[]> {
  const sent: Uint8Array[] = []
  await pglite.execProtocolRawStream(messages, { syncToFs: false, onRawData: (data) => sent.push(data.slice()) })
  return sent
}

function reply({ number, parts }: Reply): void {
  replies.send(number, parts)
  replies.finish()
}

function release(): void {
  files.settle()
  for (const message of held) reply(message)
  held = []
}
