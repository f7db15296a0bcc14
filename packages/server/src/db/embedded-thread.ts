/**
 * The thread of the embedded database: PGlite in a folder, made durable. PGlite ships with fsync off; here every commit reaches the disk.
 * It answers what it is sent in order, each request with one reply; it knows nothing of statements or transactions.
 *
 * @module
 */
import { once } from 'node:events'
import { fsyncSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { workerData } from 'node:worker_threads'
import { PGlite, protocol } from '@electric-sql/pglite'
import { NodeFS } from '@electric-sql/pglite/nodefs'
import { COUNT, type EmbeddedReply, type EmbeddedRequest, type EmbeddedThreadData } from './embedded-messages.ts'

/** What a stream operation of Emscripten's NODEFS gets: `nfd` is the file descriptor of the host. */
interface HostStream {
  readonly nfd: number
}

interface HostModule {
  readonly NODEFS: { readonly stream_ops: { fsync?: (stream: HostStream) => void } }
}

type Init = NodeFS['init']
type EmscriptenOptions = Awaited<ReturnType<Init>>['emscriptenOpts']
type PreRun = NonNullable<EmscriptenOptions['preRun']>

/** NODEFS has no fsync of its own, so PostgreSQL's would do nothing. */
class DurableFiles extends NodeFS {
  readonly #counts: Int32Array

  constructor(folder: string, counts: Int32Array) {
    super(folder)
    this.#counts = counts
  }

  override async init(...[pg, options]: Parameters<Init>): ReturnType<Init> {
    const result = await super.init(pg, options)
    const counts = this.#counts
    const addFsync = (module: HostModule): void => {
      module.NODEFS.stream_ops.fsync = (stream) => {
        fsyncSync(stream.nfd)
        Atomics.add(counts, COUNT.fsyncs, 1)
      }
    }
    const preRun = [addFsync, ...[result.emscriptenOpts.preRun ?? []].flat()] as unknown as PreRun
    return { emscriptenOpts: { ...result.emscriptenOpts, preRun } }
  }
}

/** Of the platform; the types of Node leave it to those of browsers. */
declare const WebAssembly: { compile(program: Uint8Array): Promise<object> }

/**
 * `shared_buffers`: PostgreSQL's own 128 MB made the process 340 MB resident where 12 MB make it 220, and the files are in the
 * system's cache anyway.
 */
const SETTINGS = ['wal_sync_method=fsync', 'shared_buffers=12MB']

const { counts, port } = workerData as EmbeddedThreadData
const { defaultStartParams } = PGlite as unknown as { defaultStartParams: readonly string[] }
// What takes time and needs no folder comes first: it may be done while the rest of the server is loaded.
const opened = once(port, 'message') as Promise<[folder: string]>
const program = new URL('pglite.wasm', import.meta.resolve('@electric-sql/pglite'))
const pgliteWasmModule = await WebAssembly.compile(await readFile(program))
const [folder] = await opened
const pglite = new PGlite({
  pgliteWasmModule,
  fs: new DurableFiles(folder, counts),
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

/** Raw, since the other side reads them: PGlite would read them too. What the server sends is in its memory, and is copied from there. */
function run(messages: Uint8Array): Uint8Array {
  const sent: Uint8Array[] = []
  // It runs before it returns; should it fail, this thread ends, and the other side is told.
  void pglite.execProtocolRawStream(messages, { syncToFs: false, onRawData: (data) => sent.push(data.slice()) })
  const [first = new Uint8Array(0)] = sent
  return sent.length === 1 ? first : new Uint8Array(Buffer.concat(sent))
}

port.on('message', (request: EmbeddedRequest) => {
  if (request === 'close') {
    void pglite.close().finally(() => {
      reply('closed')
      port.close()
    })
  } else if (request instanceof Uint8Array) reply(run(request))
  else {
    const answer = run(request.alone)
    if (pglite.isInTransaction()) run(rollback)
    reply(answer)
  }
})
reply('ready')
