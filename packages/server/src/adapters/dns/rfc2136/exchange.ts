/**
 * One DNS message to a server and its reply, over TCP (RFC 1035 §4.2.2, RFC 7766).
 *
 * @module
 */
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'

const LENGTH_OCTETS = 2

/**
 * @returns the first reply with the message's id
 * @throws the signal's reason when it is aborted; otherwise the socket's error
 */
export async function exchange(
  server: { readonly address: string; readonly port: number },
  message: Buffer,
  signal: AbortSignal,
): Promise<Buffer> {
  signal.throwIfAborted()
  const socket = connect({ host: server.address, port: server.port })
  const abort = () => socket.destroy(toError(signal.reason))
  signal.addEventListener('abort', abort, { once: true })
  try {
    await once(socket, 'connect')
    const length = Buffer.alloc(LENGTH_OCTETS)
    length.writeUInt16BE(message.length)
    socket.write(Buffer.concat([length, message]))
    return await readReply(socket, message.readUInt16BE(0))
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', abort)
    socket.destroy()
  }
}

async function readReply(socket: Socket, id: number): Promise<Buffer> {
  let received = Buffer.alloc(0)
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    received = Buffer.concat([received, chunk])
    for (let end = endOfFrame(received); end !== null; end = endOfFrame(received)) {
      const reply = received.subarray(LENGTH_OCTETS, end)
      if (reply.length > LENGTH_OCTETS && reply.readUInt16BE(0) === id) return Buffer.from(reply)
      received = received.subarray(end)
    }
  }
  throw new Error('the connection ended before the reply')
}

function endOfFrame(received: Buffer): number | null {
  if (received.length < LENGTH_OCTETS) return null
  const end = LENGTH_OCTETS + received.readUInt16BE(0)
  return received.length < end ? null : end
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}
