/**
 * Small reads of a ZIP archive, served from memory: the library asks for each entry in pieces of a few bytes, and each would be a call to the system.
 *
 * @module
 */
import type { FileHandle } from 'node:fs/promises'
import { callbackify } from 'node:util'
import { RandomAccessReader } from 'yauzl'

const WINDOW_BYTES = 64 * 1024

interface Window {
  readonly start: number
  readonly bytes: Buffer
}

/** Keeps two windows: one goes along the directory of the archive, the other along its files. */
export class ZipReader extends RandomAccessReader {
  readonly #file: FileHandle
  #windows: readonly Window[] = []

  constructor(file: FileHandle) {
    super()
    this.#file = file
  }

  override read(buffer: Buffer, offset: number, length: number, position: number, done: (error: Error | null) => void): void {
    const take = callbackify(() => this.take(position, length))
    take((error, bytes) => {
      if (error !== null) return done(error)
      bytes.copy(buffer, offset)
      done(bytes.length < length ? new Error('unexpected EOF') : null)
    })
  }

  /** Shorter than asked for at the end of the file. */
  async take(position: number, length: number): Promise<Buffer> {
    const holds = ({ start, bytes }: Window): boolean => start <= position && position + length <= start + bytes.length
    const known = this.#windows.find((window) => holds(window))
    const window = known ?? (await this.#load(position, Math.max(length, WINDOW_BYTES)))
    this.#windows = [window, ...this.#windows.filter((other) => other !== window)].slice(0, 2)
    return window.bytes.subarray(position - window.start, position - window.start + length)
  }

  async #load(start: number, length: number): Promise<Window> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.allocUnsafe(length), 0, length, start)
    return { start, bytes: buffer.subarray(0, bytesRead) }
  }
}
