/**
 * The thread of the embedded database: PGlite in a folder. It runs what it is sent in order, and answers each request with one reply at once. Of a
 * commit, and of what was read outside a transaction since, the reply says what has to be on the disk before it counts.
 *
 * It has no other events than its requests: it stands still while there are none.
 *
 * @module
 */
import { workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { serialize } from 'pg-protocol'
import { DurableFiles } from './embedded-files.ts'
import {
  COUNT,
  LOG,
  MARK_BYTES,
  NO_MARK,
  nextNumber,
  READY,
  REQUEST,
  SETTLED,
  type EmbeddedThreadData,
} from './embedded-messages.ts'
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

/** The last byte of what the server sends, in ReadyForQuery: no transaction is open. */
const IDLE = 0x49

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
const files = new DurableFiles(folder, counts, (path) => tell(LOG, [Buffer.from(path)]))
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

files.settle()
tell(READY, [])
await serve()
await pglite.close()
settle()

/** Until it is told to close. */
async function serve(): Promise<void> {
  for (;;) {
    const request = requests.next()
    if (request === null) waitForMore()
    else if (request.tag === REQUEST.close) return
    else if (request.tag === REQUEST.settle) settle()
    else await answer(request)
  }
}

function waitForMore(): void {
  if (requests.isWithin) replies.wake() // the rest of it waits for the room that is there now
  requests.wait()
}

function settle(): void {
  files.settle()
  tell(SETTLED, [])
}

async function answer({ tag, bytes }: PipeMessage): Promise<void> {
  const parts = await run(bytes)
  const isOpen = parts.at(-1)?.at(-1) !== IDLE
  const mustEnd = isOpen && tag === REQUEST.runAlone
  if (mustEnd) await run(rollback)
  Atomics.add(counts, COUNT.run, 1)
  lastNumber = nextNumber(lastNumber)
  // Within a transaction nothing counts before its end.
  tell(lastNumber, [toBytes(isOpen && !mustEnd ? NO_MARK : files.behind), ...parts])
}

/** Raw, since the other side reads them: PGlite would read them too. What the server sends is in its memory, and is copied from there. */
async function run(messages: Uint8Array): Promise<Uint8Array[]> {
  const sent: Uint8Array[] = []
  await pglite.execProtocolRawStream(messages, { syncToFs: false, onRawData: (data) => sent.push(data.slice()) })
  return sent
}

function tell(tag: number, parts: readonly Uint8Array[]): void {
  replies.send(tag, parts)
  replies.finish()
}

function toBytes(mark: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(MARK_BYTES)
  bytes.writeUInt32BE(mark)
  return bytes
}
