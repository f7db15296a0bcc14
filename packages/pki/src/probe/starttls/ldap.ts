/**
 * LDAP (RFC 4511 §4.14): the extended operation StartTLS, in BER.
 *
 * @module
 */
import { PreludeRefused, type Dialogue } from './dialogue.ts'

const OID = '1.3.6.1.4.1.1466.20037'
const SEQUENCE = 0x30
const EXTENDED_REQUEST = 0x77
const EXTENDED_RESPONSE = 0x78
const REQUEST_NAME = 0x80
const MESSAGE_ID = Buffer.from([0x02, 0x01, 0x01])
const MAX_MESSAGE_BYTES = 16_384

export async function ldap(dialogue: Dialogue): Promise<void> {
  const name = Buffer.concat([Buffer.from([REQUEST_NAME, OID.length]), Buffer.from(OID)])
  const operation = Buffer.concat([MESSAGE_ID, Buffer.from([EXTENDED_REQUEST, name.length]), name])
  dialogue.send(Buffer.concat([Buffer.from([SEQUENCE, operation.length]), operation]))
  const message = await readMessage(dialogue)
  const answered = message.subarray(0, MESSAGE_ID.length).equals(MESSAGE_ID) && message[3] === EXTENDED_RESPONSE
  if (!answered) throw new PreludeRefused('wrongProtocol', 'the answer is no LDAP extended response')
  const result = message.subarray(4 + lengthBytes(message[4] ?? 0))
  if (result[0] !== 0x0a || result[1] !== 0x01) throw new PreludeRefused('wrongProtocol', 'the answer has no result code')
  if (result[2] !== 0) throw new PreludeRefused('noStartTls', `StartTLS is answered with result code ${result[2] ?? '?'}`)
}

async function readMessage(dialogue: Dialogue): Promise<Buffer> {
  const [tag = 0, first = 0] = await dialogue.readBytes(2)
  if (tag !== SEQUENCE) throw new PreludeRefused('wrongProtocol', 'the answer is no LDAP message')
  const more = lengthBytes(first) - 1
  const length = more === 0 ? first : (await dialogue.readBytes(more)).readUIntBE(0, more)
  if (length > MAX_MESSAGE_BYTES) throw new PreludeRefused('wrongProtocol', `an LDAP message of ${length} bytes`)
  return dialogue.readBytes(length)
}

/** How many bytes a BER length takes that begins so (X.690 §8.1.3); 4 more than the first at most. */
function lengthBytes(first: number): number {
  const more = first < 0x80 ? 0 : first & 0x7f
  if (more > 4 || first === 0x80) throw new PreludeRefused('wrongProtocol', 'a length that LDAP does not have')
  return 1 + more
}
