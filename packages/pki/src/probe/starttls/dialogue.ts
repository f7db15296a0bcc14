/**
 * A bounded conversation in the clear before TLS begins. What a stranger sends is read up to a limit and never kept.
 *
 * @module
 */
import type { Socket } from 'node:net'

/** More than any greeting with its list of extensions needs. */
const MAX_BYTES = 65_536
const MAX_LINE_BYTES = 8192
const LF = 0x0a

/** Why no TLS begins: the server speaks the protocol without offering it, or another protocol altogether. */
export class PreludeRefused extends Error {
  override readonly name = 'PreludeRefused'
  readonly failure: 'noStartTls' | 'wrongProtocol'

  constructor(failure: 'noStartTls' | 'wrongProtocol', detail: string) {
    super(detail)
    this.failure = failure
  }
}

export interface Dialogue {
  /** As an address literal, for protocols that want to know who calls. */
  readonly localAddress: string
  send(bytes: string | Uint8Array): void
  /** One line without its end. Rejects with {@link PreludeRefused} when it is too long. */
  readLine(): Promise<string>
  /** Exactly so many bytes. */
  readBytes(count: number): Promise<Buffer>
  /** Everything up to the end of the first match. */
  readUntil(pattern: RegExp): Promise<string>
}

export interface OwnedDialogue extends Dialogue {
  /** Ends reading and leaves the socket to TLS. Throws when more came than the answer: it could be taken for what TLS protects. */
  release(): void
}

/** Reads a connected socket until it is released. Its promises reject when the socket ends; the time-out is the caller's. */
export function openDialogue(socket: Socket): OwnedDialogue {
  let buffer = Buffer.alloc(0)
  let total = 0
  let failure: Error | null = null
  let waiting: (() => void) | null = null
  const wakeUp = (): void => {
    waiting?.()
    waiting = null
  }
  const fail = (error: Error): void => {
    failure ??= error
    wakeUp()
  }
  const onData = (chunk: Buffer): void => {
    total += chunk.length
    if (total > MAX_BYTES) return fail(new PreludeRefused('wrongProtocol', `more than ${MAX_BYTES} bytes before TLS`))
    buffer = Buffer.concat([buffer, chunk])
    wakeUp()
  }
  const onEnd = (): void => fail(Object.assign(new Error('the connection was closed before TLS began'), { code: 'ECONNRESET' }))
  socket.on('data', onData)
  socket.once('error', fail)
  socket.once('close', onEnd)
  socket.once('end', onEnd)

  const take = async (find: (bytes: Buffer) => number | null): Promise<Buffer> => {
    for (;;) {
      const length = find(buffer)
      if (length !== null) {
        const taken = buffer.subarray(0, length)
        buffer = buffer.subarray(length)
        return taken
      }
      if (failure !== null) throw failure
      await new Promise<void>((resolve) => (waiting = resolve))
    }
  }
  const lineEnd = (bytes: Buffer): number | null => {
    const at = bytes.indexOf(LF)
    if (at > MAX_LINE_BYTES || (at < 0 && bytes.length > MAX_LINE_BYTES)) {
      throw new PreludeRefused('wrongProtocol', `a line of more than ${MAX_LINE_BYTES} bytes`)
    }
    return at < 0 ? null : at + 1
  }
  return {
    localAddress: literal(socket.localAddress ?? '127.0.0.1'),
    send: (bytes) => void socket.write(bytes),
    readLine: async () => (await take(lineEnd)).toString('latin1').replace(/\r?\n$/, ''),
    readBytes: (count) => take((bytes) => (bytes.length < count ? null : count)),
    readUntil: async (pattern) => {
      const found = await take((bytes) => {
        const match = pattern.exec(bytes.toString('latin1'))
        return match === null ? null : match.index + match[0].length
      })
      return found.toString('latin1')
    },
    release: () => {
      socket.off('data', onData).off('error', fail).off('close', onEnd).off('end', onEnd)
      socket.pause()
      if (failure !== null) throw failure
      if (buffer.length > 0) throw new PreludeRefused('wrongProtocol', 'more than an answer came before TLS began')
    },
  }
}

function literal(address: string): string {
  return address.includes(':') ? `[IPv6:${address}]` : `[${address}]`
}

const SHOWN = 80

/** A stranger's answer in one short printable line. */
export function shown(answer: string): string {
  const line = answer.replaceAll(/[^\x20-\x7e]/g, '?')
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line
}
