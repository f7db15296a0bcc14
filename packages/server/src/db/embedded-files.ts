/**
 * The files of the embedded database, made durable: PGlite ships with fsync off, and NODEFS has none of its own, so that PostgreSQL's would do
 * nothing.
 *
 * The write-ahead log reaches the disk a moment later than PostgreSQL asks for: PostgreSQL is told that it did, and gets a mark. Whoever reads the
 * replies brings the log to the disk up to that mark before anybody hears of them (embedded-log.ts), while the next statements run. Everything
 * else that is done to a file comes after the log that belongs to it, as PostgreSQL takes for granted.
 *
 * @module
 */
import { fsyncSync } from 'node:fs'
import { join } from 'node:path'
import { NodeFS } from '@electric-sql/pglite/nodefs'
import { COUNT, DISK, NO_MARK, nextNumber } from './embedded-messages.ts'

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

/** What changes a file (`setattr`: also the size of one that is open), or lets go of it. */
const STREAM_CHANGES = ['write', 'setattr', 'mmap', 'msync', 'close'] as const
/** What changes names, sizes and modes. */
const NODE_CHANGES = ['setattr', 'mknod', 'rename', 'unlink', 'rmdir', 'symlink'] as const

/** PostgreSQL names each file of its log by 24 digits; what it prepares for one is a file like any other. */
const LOG_FILE = /\/pg_wal\/[0-9A-F]{24}$/
const isOfTheLog = ({ path }: HostStream): boolean => LOG_FILE.test(path)

export class DurableFiles extends NodeFS {
  readonly #folder: string
  readonly #counts: Int32Array
  readonly #onLog: (path: string) => void
  readonly #fsync: (descriptor: number) => void
  /** The file of the log that PostgreSQL wanted on the disk last. */
  #log: HostStream | null = null
  /** Given when it did so last. */
  #mark = NO_MARK
  /** The last mark that this thread brought to the disk itself. */
  #settled = NO_MARK

  /**
   * @param onLog called with the path of each file of the log, before its first mark
   * @param fsync of the host, unless a test looks when it is called
   */
  constructor(folder: string, counts: Int32Array, onLog: (path: string) => void, fsync = fsyncSync) {
    super(folder)
    this.#folder = folder
    this.#counts = counts
    this.#onLog = onLog
    this.#fsync = fsync
  }

  /** Up to where the log has to be brought to the disk before all that was committed is there; {@link NO_MARK} when it is. */
  get behind(): number {
    const isThere = this.#mark === this.#settled || this.#mark === Atomics.load(this.#counts, COUNT.synced) >>> 0
    return isThere ? NO_MARK : this.#mark
  }

  /** Returns when the whole log is on the disk. */
  settle(): void {
    if (this.#log === null || this.behind === NO_MARK) return
    this.#sync(this.#log.nfd)
    this.#settled = this.#mark
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
        if (this.#mustWait(name, args[0] as HostStream)) this.settle()
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
      if (isOfTheLog(stream)) this.#noteMark(stream)
      else {
        this.settle()
        this.#sync(stream.nfd)
      }
    }
  }

  /** One file of the log is behind at most: the one before was closed, or is settled here. */
  #noteMark(stream: HostStream): void {
    if (stream.path !== this.#log?.path) {
      this.settle()
      this.#onLog(join(this.#folder, stream.path.slice(stream.path.indexOf('/pg_wal/'))))
    }
    this.#log = stream
    this.#mark = nextNumber(this.#mark)
  }

  /** The log may grow while it is behind; a file of it that is closed cannot be synced any more. */
  #mustWait(change: string, stream: HostStream): boolean {
    return change === 'close' ? stream.nfd === this.#log?.nfd : !isOfTheLog(stream)
  }

  /** Says before and after that it does: who opens the file meanwhile is not told of a failure that is told here. */
  #sync(descriptor: number): void {
    Atomics.store(this.#counts, COUNT.disk, DISK.busy)
    try {
      this.#fsync(descriptor)
    } catch (error) {
      Atomics.store(this.#counts, COUNT.disk, DISK.failed)
      throw error
    }
    Atomics.store(this.#counts, COUNT.disk, DISK.idle)
    Atomics.add(this.#counts, COUNT.fsyncs, 1)
  }
}
