/**
 * The thread of the embedded database: PGlite in a folder, made durable. It runs what it is sent in order, and answers each request with one
 * reply: of a commit, and of all that was read outside a transaction since, when it is on the disk; within a transaction at once. So transactions
 * that follow each other closely wait for the disk together.
 *
 * @module
 */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { receiveMessageOnPort, workerData } from 'node:worker_threads'
import { PGlite, protocol } from '@electric-sql/pglite'
import { DurableFiles } from './embedded-files.ts'
import {
  COUNT,
  NUMBER_BYTES,
  writeNumber,
  type EmbeddedReply,
  type EmbeddedRequest,
  type EmbeddedThreadData,
} from './embedded-messages.ts'

/** Of the platform; the types of Node leave it to those of browsers. */
declare const WebAssembly: { compile(program: Uint8Array): Promise<object> }

/**
 * `shared_buffers`: PostgreSQL's own 128 MB made the process 340 MB resident where 12 MB make it 220, and the files are in the
 * system's cache anyway.
 */
const SETTINGS = ['wal_sync_method=fsync', 'shared_buffers=12MB']

/** Replies that wait for the disk wait no longer than this while a transaction that came behind them goes on. */
const MAX_HELD_MS = 2
const MAX_HELD = 32
/** The last byte of what the server sends, in ReadyForQuery: no transaction is open. */
const IDLE = 0x49

const { counts, port } = workerData as EmbeddedThreadData
const { defaultStartParams } = PGlite as unknown as { defaultStartParams: readonly string[] }
// What takes time and needs no folder comes first: it may be done while the rest of the server is loaded.
const opened = once(port, 'message') as Promise<[folder: string]>
const program = new URL('pglite.wasm', import.meta.resolve('@electric-sql/pglite'))
const pgliteWasmModule = await WebAssembly.compile(await readFile(program))
const [folder] = await opened
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
const reply = (message: EmbeddedReply): void => {
  port.postMessage(message)
  Atomics.add(counts, COUNT.replies, 1)
  Atomics.notify(counts, COUNT.replies)
}
const rollback = protocol.serialize.query('ROLLBACK')

let lastNumber = 0
let held: Uint8Array[] = []
let timer: NodeJS.Timeout | null = null

/**
 * Raw, since the other side reads them: PGlite would read them too. What the server sends is in its memory, and is copied from there.
 *
 * @returns behind room for the request's number
 */
function run(messages: Uint8Array): Uint8Array {
  const sent: Uint8Array[] = []
  // It runs before it returns; should it fail, this thread ends, and the other side is told.
  void pglite.execProtocolRawStream(messages, {
    syncToFs: false,
    onRawData: (data) => {
      const room = sent.length === 0 ? NUMBER_BYTES : 0
      const copy = new Uint8Array(room + data.length)
      copy.set(data, room)
      sent.push(copy)
    },
  })
  const [first = new Uint8Array(NUMBER_BYTES)] = sent
  return sent.length === 1 ? first : new Uint8Array(Buffer.concat(sent))
}

/** @returns whether a transaction is open behind it */
function answer(request: Exclude<EmbeddedRequest, 'close'>): boolean {
  const isAlone = !(request instanceof Uint8Array)
  const messages = run(isAlone ? request.alone : request)
  const isOpen = messages.at(-1) !== IDLE
  if (isAlone && isOpen) run(rollback)
  writeNumber(messages, (lastNumber += 1))
  Atomics.add(counts, COUNT.run, 1)
  if (isOpen && !isAlone) {
    reply(messages)
    return true
  }
  if (files.isBehind || held.length > 0) held.push(messages)
  else reply(messages)
  return false
}

function release(): void {
  if (timer !== null) clearTimeout(timer)
  timer = null
  files.settle()
  for (const messages of held) reply(messages)
  held = []
}

function close(): void {
  release()
  void pglite.close().finally(() => {
    files.settle()
    reply('closed')
    port.close()
  })
}

port.on('message', (first: EmbeddedRequest) => {
  let isOpen = false
  for (let request: EmbeddedRequest | undefined = first; request !== undefined;) {
    if (request === 'close') return close()
    isOpen = answer(request)
    if (held.length >= MAX_HELD) release()
    request = (receiveMessageOnPort(port) as { message: EmbeddedRequest } | undefined)?.message
  }
  if (held.length === 0) return
  // Who has the open transaction asks again in less time than the disk takes.
  if (isOpen) timer ??= setTimeout(release, MAX_HELD_MS)
  else release()
})
files.settle()
reply('ready')
