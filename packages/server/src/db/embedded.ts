/**
 * The embedded database: PGlite in a folder, made durable. PGlite ships with fsync off; here every commit reaches the disk.
 *
 * @module
 */
import { fsyncSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { PGlite, types } from '@electric-sql/pglite'
import { NodeFS } from '@electric-sql/pglite/nodefs'
import { PreparingPGlite } from './prepared-statements.ts'

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
  readonly #onFsync: () => void

  constructor(folder: string, onFsync: () => void) {
    super(folder)
    this.#onFsync = onFsync
  }

  override async init(...[pg, options]: Parameters<Init>): ReturnType<Init> {
    const result = await super.init(pg, options)
    const onFsync = this.#onFsync
    const addFsync = (module: HostModule): void => {
      module.NODEFS.stream_ops.fsync = (stream) => {
        fsyncSync(stream.nfd)
        onFsync()
      }
    }
    const preRun = [addFsync, ...[result.emscriptenOpts.preRun ?? []].flat()] as unknown as PreRun
    return { emscriptenOpts: { ...result.emscriptenOpts, preRun } }
  }
}

/**
 * `shared_buffers`: PostgreSQL's own 128 MB made the process 340 MB resident where 12 MB make it 220, and the files are in the
 * system's cache anyway.
 */
const SETTINGS = ['wal_sync_method=fsync', 'shared_buffers=12MB']

/**
 * V8 compiles the hot parts of a WebAssembly module again with its optimizing compiler. For PostgreSQL's largest functions that takes
 * 500 MB for some seconds and as much CPU as the rest of the start, and its queries are hardly quicker for it: the first compiler's
 * code is good enough.
 */
const FIRST_COMPILER_ONLY = ['--liftoff-only', '--no-wasm-tier-up', '--no-wasm-dynamic-tiering']
/** Garbage is collected sooner than V8 would on a machine with much memory: 100 MB less under load, for no CPU time that shows. */
const SMALL_HEAP = ['--semi-space-growth-factor=1', '--heap-growing-percent=30']

/**
 * Opens (or creates) the database in a folder.
 *
 * @param onFsync called after each fsync that reached the host, for the test that counts them
 */
export async function openEmbedded(folder: string, onFsync: () => void = () => {}): Promise<PGlite> {
  for (const flag of [...FIRST_COMPILER_ONLY, ...SMALL_HEAP]) setFlagsFromString(flag)
  const { defaultStartParams } = PGlite as unknown as { defaultStartParams: readonly string[] }
  const startParams = [
    ...defaultStartParams.filter((parameter) => parameter !== '-F'),
    ...SETTINGS.flatMap((setting) => ['-c', setting]),
  ]
  const pglite = new PreparingPGlite({
    fs: new DurableFiles(folder, onFsync),
    startParams,
    // Like pg, and quicker than PGlite's own, which reads digit by digit.
    parsers: { [types.BYTEA]: (text: string) => Buffer.from(text.slice(2), 'hex') },
  })
  await pglite.waitReady
  return pglite
}
