/**
 * The web servers of those who apply: each forwards `/.well-known/` to its own account's path at the service, as a tenant's web server does.
 */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'kysely'
import type { Services } from '../../src/services/context.ts'

export interface Sites {
  readonly port: number
  /** From now on: of which service, and on which port it answers validation files. */
  serve(services: Services, proofPort: number): void
  /** The site of a name is this account's, whoever applies. Otherwise it is that of whoever applied last. */
  own(name: string, accountId: string): void
  close(): Promise<void>
}

export async function startSites(): Promise<Sites> {
  const owners = new Map<string, string>()
  let service: { readonly services: Services; readonly proofPort: number } | null = null

  async function ownerOf(host: string): Promise<string | null> {
    const owner = owners.get(host)
    if (owner !== undefined || service === null) return owner ?? null
    const { rows } = await sql<{ account_id: string }>`select account_id from application
      where state = 'pendingValidation' and ${host} = any(identifiers) order by submitted_at desc, id desc limit 1`.execute(
      service.services.db,
    )
    return rows[0]?.account_id ?? null
  }

  async function forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host = '' } = incoming.headers
    const owner = await ownerOf(host.replace(/:\d+$/, ''))
    if (owner === null || service === null) {
      response.writeHead(404).end()
      return
    }
    const path = `/${owner}${incoming.url ?? '/'}`
    request({ host: '127.0.0.1', port: service.proofPort, path, headers: { host }, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502)
      answer.pipe(response)
    })
      .on('error', () => response.destroy())
      .end()
  }

  const server = createServer((incoming, response) => void forward(incoming, response).catch(() => response.destroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    serve: (services, proofPort) => {
      service = { services, proofPort }
    },
    own: (name, accountId) => void owners.set(name, accountId),
    close: async () => {
      service = null
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
