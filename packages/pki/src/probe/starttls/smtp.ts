/**
 * SMTP (RFC 3207): greeting, EHLO, STARTTLS.
 *
 * @module
 */
import { PreludeRefused, shown, type Dialogue } from './dialogue.ts'

export async function smtp(dialogue: Dialogue): Promise<void> {
  const [greeting = ''] = await readReply(dialogue)
  if (!greeting.startsWith('220')) throw new PreludeRefused('wrongProtocol', `the greeting is "${shown(greeting)}"`)
  dialogue.send(`EHLO ${dialogue.localAddress}\r\n`)
  const [hello = '', ...extensions] = await readReply(dialogue)
  const offers = hello.startsWith('250') && extensions.some((line) => /^250[ -]STARTTLS\s*$/i.test(line))
  if (!offers) throw new PreludeRefused('noStartTls', `EHLO is answered "${shown(hello)}" without STARTTLS`)
  dialogue.send('STARTTLS\r\n')
  const [answer = ''] = await readReply(dialogue)
  if (!answer.startsWith('220')) throw new PreludeRefused('noStartTls', `STARTTLS is answered "${shown(answer)}"`)
}

/** The lines of one reply (RFC 5321 §4.2.1): all but the last have a hyphen after the code. FTP's are of the same form. */
export async function readReply(dialogue: Dialogue): Promise<readonly string[]> {
  const lines: string[] = []
  for (;;) {
    const line = await dialogue.readLine()
    lines.push(line)
    const [code = ''] = lines[0]?.match(/^\d{3}/) ?? []
    if (code === '') throw new PreludeRefused('wrongProtocol', `the answer is "${shown(line)}"`)
    if (line.startsWith(code) && line[3] !== '-') return lines
  }
}
