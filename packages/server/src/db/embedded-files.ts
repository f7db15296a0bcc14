/**
 * The files of the embedded database, made durable: PGlite ships with fsync off, and NODEFS has none of its own, so that PostgreSQL's would do
 * nothing.
 *
 * The write-ahead log reaches the disk a moment later than PostgreSQL asks for, so that transactions which end one after the other share a
 * wait: PostgreSQL is told that it did, and nobody outside this thread hears of a commit before {@link DurableFiles.settle}. Everything else that is
 * done to a file comes after the log that belongs to it, as PostgreSQL takes for granted.
 *
 * @module
 */
import { fsyncSync } from 'node:fs'
import { NodeFS } from '@electric-sql/pglite/nodefs'
import { COUNT } from './embedded-messages.ts'

/** What a stream operation of Emscripten's NODEFS gets: `nfd` is the file descriptor of the host. */
export interface HostStream {
  readonly nfd: number
  readonly path: string
}

type Operation = (...args: unknown[]) => unknown

export interface HostModule {
  readonly NODEFS: {
    readonly stream_ops: Record<string, Operation | undefined> & { fsync?: (stream: HostStream) => void }
    readonly node_ops: Record<string, Operation | undefined>
  }
}

type Init = NodeFS['init']
type EmscriptenOptions = Awaited<ReturnType<Init>>['emscriptenOpts']
type PreRun = NonNullable<EmscriptenOptions['preRun']>

/** What changes a file, or lets go of it. */
const STREAM_CHANGES = ['write', 'mmap', 'msync', 'close'] as const
/** What changes names, sizes and modes. */
const NODE_CHANGES = ['setattr', 'mknod', 'rename', 'unlink', 'rmdir', 'symlink'] as const

const isOfTheLog = ({ path }: HostStream): boolean => path.includes('/pg_wal/')

export class DurableFiles extends NodeFS {
  readonly #counts: Int32Array
  readonly #fsync: (descriptor: number) => void
  /** Files of the log whose last writes have not reached the disk. */
  readonly #behind = new Set<number>()

  /** @param fsync of the host, unless a test looks when it is called */
  constructor(folder: string, counts: Int32Array, fsync = fsyncSync) {
    super(folder)
    this.#counts = counts
    this.#fsync = fsync
  }

  /** Something was committed that is not on the disk. */
  get isBehind(): boolean {
    return this.#behind.size > 0
  }

  /** Returns when the whole log is on the disk. */
  settle(): void {
    for (const descriptor of this.#behind) this.#sync(descriptor)
    this.#behind.clear()
  }

  override async init(...[pg, options]: Parameters<Init>): ReturnType<Init> {
    const result = await super.init(pg, options)
    const preRun = [(module: HostModule) => this.watch(module), ...[result.emscriptenOpts.preRun ?? []].flat()]
    return { emscriptenOpts: { ...result.emscriptenOpts, preRun: preRun as unknown as PreRun } }
  }

  /** Takes the place of what changes files, before any is open. */
  watch({ NODEFS }: HostModule): void {
    for (const name of STREAM_CHANGES) {
      const change = NODEFS.stream_ops[name]
      if (change === undefined) continue
      NODEFS.stream_ops[name] = (...args) => {
        if (this.isBehind && this.#mustWait(name, args[0] as HostStream)) this.settle()
        return change(...args)
      }
    }
    for (const name of NODE_CHANGES) {
      const change = NODEFS.node_ops[name]
      if (change === undefined) continue
      NODEFS.node_ops[name] = (...args) => {
        this.settle()
        return change(...args)
      }
    }
    NODEFS.stream_ops.fsync = (stream) => {
      if (isOfTheLog(stream)) this.#behind.add(stream.nfd)
      else {
        this.settle()
        this.#sync(stream.nfd)
      }
    }
  }

  /** The log may grow while it is behind; a file of it that is closed cannot be synced any more. */
  #mustWait(change: string, stream: HostStream): boolean {
    return change === 'close' ? this.#behind.has(stream.nfd) : !isOfTheLog(stream)
  }

  #sync(descriptor: number): void {
    this.#fsync(descriptor)
    Atomics.add(this.#counts, COUNT.fsyncs, 1)
  }
}
