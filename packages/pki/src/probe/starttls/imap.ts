/**
 * IMAP (RFC 9051 §6.2.1): greeting, STARTTLS.
 *
 * @module
 */
import { PreludeRefused, shown, type Dialogue } from './dialogue.ts'

const TAG = 'a1'

export async function imap(dialogue: Dialogue): Promise<void> {
  const greeting = await dialogue.readLine()
  if (!/^\* OK\b/i.test(greeting)) throw new PreludeRefused('wrongProtocol', `the greeting is "${shown(greeting)}"`)
  dialogue.send(`${TAG} STARTTLS\r\n`)
  let answer = await dialogue.readLine()
  while (answer.startsWith('* ')) answer = await dialogue.readLine()
  if (!/^a1 OK\b/i.test(answer)) throw new PreludeRefused('noStartTls', `STARTTLS is answered "${shown(answer)}"`)
}
