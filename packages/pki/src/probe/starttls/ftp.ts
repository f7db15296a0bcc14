/**
 * FTP (RFC 4217 §4): greeting, AUTH TLS.
 *
 * @module
 */
import { PreludeRefused, shown, type Dialogue } from './dialogue.ts'
import { readReply } from './smtp.ts'

export async function ftp(dialogue: Dialogue): Promise<void> {
  let [greeting = ''] = await readReply(dialogue)
  if (greeting.startsWith('120')) [greeting = ''] = await readReply(dialogue) // ready in some minutes (RFC 959 §5.4)
  if (!greeting.startsWith('220')) throw new PreludeRefused('wrongProtocol', `the greeting is "${shown(greeting)}"`)
  dialogue.send('AUTH TLS\r\n')
  const [answer = ''] = await readReply(dialogue)
  if (!answer.startsWith('234')) throw new PreludeRefused('noStartTls', `AUTH TLS is answered "${shown(answer)}"`)
}
