/**
 * Debian's BIND with one zone that takes dynamic updates signed by TSIG. Everything on 127.0.0.1 and in a folder that goes away.
 *
 * @module
 */
import { randomBytes } from 'node:crypto'
import { promises as dns } from 'node:dns'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { startProcess } from './process.ts'
import type { RunningProcess } from './process.ts'

export interface TsigKeyFacts {
  readonly name: string
  readonly algorithm: 'hmac-sha256' | 'hmac-sha512'
  /** Base64. */
  readonly secret: string
}

export interface Bind {
  /** On 127.0.0.1, TCP and UDP. */
  readonly port: number
  /** The zone; `alias.<zone>` is a CNAME in it. */
  readonly zone: string
  /** May change TXT records of the zone. */
  readonly keys: { readonly sha256: TsigKeyFacts; readonly sha512: TsigKeyFacts }
  /** Known to the server, but may change nothing. */
  readonly powerlessKey: TsigKeyFacts
  readonly process: RunningProcess
  /** The TXT values that the server gives; empty when there are none. */
  lookupTxt(name: string): Promise<string[]>
  stop(): Promise<void>
}

const ZONE = 'zone.test'

export async function startBind(): Promise<Bind> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'evercert-bind-'))
  const keys = { sha256: createKey('update-256', 'hmac-sha256'), sha512: createKey('update-512', 'hmac-sha512') }
  const powerlessKey = createKey('read-only', 'hmac-sha256')
  const config = join(folder, 'named.conf')
  await writeFile(join(folder, 'zone'), zoneFile())
  await writeFile(config, namedConf(folder, port, [keys.sha256, keys.sha512, powerlessKey], [keys.sha256, keys.sha512]))
  const resolver = new dns.Resolver({ timeout: 1000, tries: 2 })
  resolver.setServers([`127.0.0.1:${port}`])
  const running = await startProcess({
    command: 'named',
    args: ['-g', '-c', config, '-p', String(port)],
    cwd: folder,
    debianPackage: 'bind9',
    isReady: async () => (await resolver.resolveSoa(ZONE)).serial > 0,
  })
  return {
    port,
    zone: ZONE,
    keys,
    powerlessKey,
    process: running,
    lookupTxt: async (name) => {
      try {
        return (await resolver.resolveTxt(name)).map((strings) => strings.join(''))
      } catch (error) {
        if (error instanceof Error && 'code' in error && (error.code === 'ENOTFOUND' || error.code === 'ENODATA')) return []
        throw error
      }
    },
    stop: async () => {
      await running.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function createKey(name: string, algorithm: TsigKeyFacts['algorithm']): TsigKeyFacts {
  return { name, algorithm, secret: randomBytes(32).toString('base64') }
}

function namedConf(folder: string, port: number, known: readonly TsigKeyFacts[], allowed: readonly TsigKeyFacts[]): string {
  const keys = known.map(({ name, algorithm, secret }) => `key "${name}" { algorithm ${algorithm}; secret "${secret}"; };`)
  const grants = allowed.map(({ name }) => `grant ${name} zonesub TXT;`)
  return `
    options {
      directory "${folder}"; pid-file none; session-keyfile none; managed-keys-directory "${folder}";
      listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
      recursion no; allow-transfer { none; }; notify no; dnssec-validation no; empty-zones-enable no;
    };
    controls { };
    ${keys.join('\n')}
    zone "${ZONE}" { type primary; file "zone"; update-policy { ${grants.join(' ')} }; };
  `
}

function zoneFile(): string {
  return [
    '$TTL 60',
    `@ IN SOA ns.${ZONE}. admin.${ZONE}. 1 3600 600 86400 60`,
    `@ IN NS ns.${ZONE}.`,
    'ns IN A 127.0.0.1',
    `alias IN CNAME ns.${ZONE}.`,
    '',
  ].join('\n')
}
