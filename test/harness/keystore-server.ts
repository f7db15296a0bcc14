/**
 * A server that reads a PKCS#12 keystore when it starts and again at SIGHUP, as Java servers do with theirs at a restart, but within milliseconds.
 *
 * @module
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accepts, freePort } from './ports.ts'
import { startProcess } from './process.ts'

export interface KeystoreServer {
  readonly port: number
  readonly reloadCommand: readonly string[]
  stop(): Promise<void>
}

const PROGRAM = `
import { readFileSync } from 'node:fs'
import { createServer } from 'node:tls'
const [path, passphrase, port] = process.argv.slice(2)
const read = () => ({ pfx: readFileSync(path), passphrase })
const server = createServer(read(), (socket) => socket.on('error', () => {}).resume())
process.on('SIGHUP', () => server.setSecureContext(read()))
process.on('SIGTERM', () => process.exit(0))
server.listen(Number(port), '127.0.0.1')
`

/** @param folder of the test's own, for the program */
export async function startKeystoreServer(path: string, password: string, folder: string): Promise<KeystoreServer> {
  const port = await freePort()
  const program = join(folder, 'keystore-server.mjs')
  writeFileSync(program, PROGRAM)
  const server = await startProcess({
    command: process.execPath,
    args: [program, path, password, String(port)],
    debianPackage: 'nodejs',
    isReady: () => accepts(port),
  })
  return { port, reloadCommand: ['kill', '-HUP', String(server.pid)], stop: () => server.stop() }
}
