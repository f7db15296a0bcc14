/**
 * PostgreSQL (protocol 3, "SSL Session Encryption"): SSLRequest, one byte back.
 *
 * @module
 */
import { PreludeRefused, type Dialogue } from './dialogue.ts'

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f])

export async function postgresql(dialogue: Dialogue): Promise<void> {
  dialogue.send(SSL_REQUEST)
  const answer = (await dialogue.readBytes(1)).toString('latin1')
  if (answer === 'N') throw new PreludeRefused('noStartTls', 'SSLRequest is answered "N": the server has ssl = off')
  if (answer !== 'S') throw new PreludeRefused('wrongProtocol', 'SSLRequest is answered neither "S" nor "N"')
}
