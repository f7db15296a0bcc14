/**
 * POP3 (RFC 2595 §4): greeting, STLS.
 *
 * @module
 */
import { PreludeRefused, shown, type Dialogue } from './dialogue.ts'

export async function pop3(dialogue: Dialogue): Promise<void> {
  const greeting = await dialogue.readLine()
  if (!greeting.startsWith('+OK')) throw new PreludeRefused('wrongProtocol', `the greeting is "${shown(greeting)}"`)
  dialogue.send('STLS\r\n')
  const answer = await dialogue.readLine()
  if (!answer.startsWith('+OK')) throw new PreludeRefused('noStartTls', `STLS is answered "${shown(answer)}"`)
}
