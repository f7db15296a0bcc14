/**
 * A real Tomcat in a folder of its own, with an HTTPS port for each keystore. Of Debian only the program is needed (tomcat10-common),
 * not the package that starts it as a service.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accepts, freePort } from './ports.ts'
import { startProcess } from './process.ts'

export interface Keystore {
  readonly path: string
  readonly type: 'PKCS12' | 'JKS'
  /** Letters and digits. */
  readonly password: string
}

export interface Tomcat {
  /** In the order of the keystores. */
  readonly httpsPorts: readonly number[]
  /** Ends the server, waits for it and removes its folder. */
  stop(): Promise<void>
}

const HOME = '/usr/share/tomcat10'
/** A virtual machine takes seconds when others compute at the same time. */
const TIMEOUT_MS = 60_000

/** Starts Tomcat and waits until it accepts connections. @throws Error with what it wrote when it does not start */
export async function startTomcat(keystores: readonly Keystore[]): Promise<Tomcat> {
  const base = mkdtempSync(join(tmpdir(), 'evercert-tomcat-'))
  for (const name of ['conf', 'logs', 'temp', 'webapps', 'work']) mkdirSync(join(base, name))
  const connectors = await Promise.all(keystores.map(async (keystore) => ({ ...keystore, port: await freePort() })))
  writeFileSync(join(base, 'conf', 'server.xml'), toServerXml(connectors))
  const httpsPorts = connectors.map(({ port }) => port)
  try {
    const server = await startProcess({
      command: 'java',
      args: [
        '-XX:TieredStopAtLevel=1',
        '-XX:+UseSerialGC',
        '-Xmx128m',
        `-Dcatalina.home=${HOME}`,
        `-Dcatalina.base=${base}`,
        `-Djava.io.tmpdir=${join(base, 'temp')}`,
        '-cp',
        `${HOME}/bin/bootstrap.jar:${HOME}/bin/tomcat-juli.jar`,
        'org.apache.catalina.startup.Bootstrap',
        'start',
      ],
      debianPackage: 'tomcat10-common',
      isReady: async () => (await Promise.all(httpsPorts.map((port) => accepts(port)))).every(Boolean),
      timeoutMs: TIMEOUT_MS,
    })
    return {
      httpsPorts,
      stop: async () => {
        await server.stop()
        rmSync(base, { recursive: true, force: true })
      },
    }
  } catch (error) {
    rmSync(base, { recursive: true, force: true })
    throw error
  }
}

function toServerXml(connectors: readonly (Keystore & { readonly port: number })[]): string {
  const lines = connectors.map(
    ({ port, path, type, password }) => `
    <Connector address="127.0.0.1" port="${port}" protocol="org.apache.coyote.http11.Http11NioProtocol" SSLEnabled="true"
               scheme="https" secure="true" maxThreads="4">
      <SSLHostConfig>
        <Certificate certificateKeystoreFile="${path}" certificateKeystoreType="${type}" certificateKeystorePassword="${password}"/>
      </SSLHostConfig>
    </Connector>`,
  )
  return `<Server port="-1">
  <Service name="Catalina">${lines.join('')}
    <Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine>
  </Service>
</Server>
`
}
