/**
 * XMPP (RFC 6120 §5): stream, features, starttls, proceed.
 *
 * @module
 */
import { PreludeRefused, shown, type Dialogue } from './dialogue.ts'

const TLS_NAMESPACE = 'urn:ietf:params:xml:ns:xmpp-tls'
/** Between servers (RFC 6120 §14.7). */
const SERVER_PORT = 5269

export async function xmpp(dialogue: Dialogue, { serverName, port }: { serverName: string; port: number }): Promise<void> {
  const namespace = port === SERVER_PORT ? 'jabber:server' : 'jabber:client'
  dialogue.send(
    `<?xml version='1.0'?><stream:stream to='${escaped(serverName)}' xmlns='${namespace}' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>`,
  )
  const start = await dialogue.readUntil(/^\s*(?:<\?xml[^>]*\?>\s*)?<[^>]*>/)
  if (!/<stream:stream[\s>]/.test(start)) throw new PreludeRefused('wrongProtocol', `the answer is "${shown(start)}"`)
  const features = await dialogue.readUntil(/<\/stream:features\s*>|<stream:features\s*\/>|<\/stream:stream\s*>/)
  if (!new RegExp(`<starttls\\s[^>]*['"]${TLS_NAMESPACE}['"]`).test(features)) {
    throw new PreludeRefused('noStartTls', `the features are "${shown(features.trim())}"`)
  }
  dialogue.send(`<starttls xmlns='${TLS_NAMESPACE}'/>`)
  const answer = await dialogue.readUntil(/<(?:proceed|failure)\b[^>]*?(?:\/>|>\s*<\/proceed\s*>|>)/)
  if (!answer.includes('<proceed')) throw new PreludeRefused('noStartTls', `starttls is answered "${shown(answer)}"`)
}

function escaped(text: string): string {
  return text.replaceAll(/[<>&'"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
