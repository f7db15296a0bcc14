/**
 * MySQL and MariaDB (protocol 10): the server's handshake packet, then SSLRequest.
 *
 * @module
 */
import { PreludeRefused, shown, type Dialogue } from './dialogue.ts'

const PROTOCOL_10 = 10
const ERROR = 0xff
const CLIENT_PROTOCOL_41 = 0x200
const CLIENT_SSL = 0x800
const CLIENT_SECURE_CONNECTION = 0x8000
const MAX_PACKET_BYTES = 8192
const SSL_REQUEST_BYTES = 32
const UTF8 = 33
/** After the version: thread id (4), auth data (8), filler (1). */
const BEFORE_CAPABILITIES = 13

export async function mysql(dialogue: Dialogue): Promise<void> {
  const header = await dialogue.readBytes(4)
  const length = header.readUIntLE(0, 3)
  if (length === 0 || length > MAX_PACKET_BYTES || header[3] !== 0) {
    throw new PreludeRefused('wrongProtocol', 'the greeting is no MySQL packet')
  }
  const packet = await dialogue.readBytes(length)
  if (packet[0] === ERROR) {
    throw new PreludeRefused('noStartTls', `the server says "${shown(packet.subarray(3).toString('latin1'))}"`)
  }
  const versionEnd = packet.indexOf(0, 1)
  const at = versionEnd + 1 + BEFORE_CAPABILITIES
  if (packet[0] !== PROTOCOL_10 || versionEnd < 0 || at + 2 > packet.length) {
    throw new PreludeRefused('wrongProtocol', 'the greeting is not of MySQL protocol 10')
  }
  if ((packet.readUInt16LE(at) & CLIENT_SSL) === 0) throw new PreludeRefused('noStartTls', 'the server does not offer TLS')
  const request = Buffer.alloc(4 + SSL_REQUEST_BYTES)
  request.writeUIntLE(SSL_REQUEST_BYTES, 0, 3)
  request[3] = 1 // the second packet of the connection
  request.writeUInt32LE(CLIENT_PROTOCOL_41 | CLIENT_SSL | CLIENT_SECURE_CONNECTION, 4)
  request.writeUInt32LE(0x0100_0000, 8) // the largest packet that we would take
  request[12] = UTF8
  dialogue.send(request)
}
