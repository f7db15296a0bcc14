/**
 * An API server that knows Secrets and nothing else, and checks each request as the real one does: token, path, media type, names,
 * base64, type, and the version that a change was made from.
 *
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { createRoot } from '../../../../test/harness/certificates.ts'

const base64 = z.string().regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)
const secret = z.strictObject({
  apiVersion: z.literal('v1'),
  kind: z.literal('Secret'),
  type: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string(), resourceVersion: z.string().optional() }),
  data: z.record(z.string(), base64),
})
export type StoredSecret = z.infer<typeof secret>

export interface KubernetesFixture {
  readonly url: string
  readonly caPem: string
  readonly token: string
  readonly namespace: string
  /** By name. */
  readonly secrets: Map<string, StoredSecret>
  /** Method and status of each request. */
  readonly log: string[]
  /** Happens once, between the next read and the change that follows it. */
  interfere: (() => void) | null
  /** A new version, as somebody else's change would give it. */
  touch(name: string): void
  close(): Promise<void>
}

export async function startKubernetes(): Promise<KubernetesFixture> {
  const root = createRoot()
  const own = root.issue({ names: ['127.0.0.1'] })
  let version = 100
  const server = createServer({ cert: own.chainPem, key: own.privateKeyPem }, (incoming, outgoing) => {
    void readBody(incoming).then((body) => {
      const { status, content } = answer(incoming, body)
      fixture.log.push(`${incoming.method} ${status}`)
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(content))
      if (incoming.method === 'GET') {
        fixture.interfere?.()
        fixture.interfere = null
      }
    })
  })

  const refuse = (status: number, message: string) => ({
    status,
    content: { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code: status },
  })
  const store = (name: string, body: StoredSecret) => {
    version += 1
    const stored = { ...body, metadata: { ...body.metadata, resourceVersion: String(version) } }
    fixture.secrets.set(name, stored)
    return stored
  }

  function answer(incoming: IncomingMessage, body: string): { status: number; content: unknown } {
    if (incoming.headers.authorization !== `Bearer ${fixture.token}`) return refuse(401, 'Unauthorized')
    const path = /^\/api\/v1\/namespaces\/([a-z-]+)\/secrets(?:\/([a-z.-]+))?$/.exec(incoming.url ?? '')
    if (path === null || path[1] !== fixture.namespace) return refuse(404, 'namespaces not found')
    const there = fixture.secrets.get(path[2] ?? '')
    if (incoming.method === 'GET') return there === undefined ? refuse(404, 'secrets not found') : { status: 200, content: there }
    if (incoming.headers['content-type'] !== 'application/json') return refuse(415, 'the body is not JSON')
    const parsed = secret.safeParse(JSON.parse(body))
    if (!parsed.success) return refuse(400, parsed.error.message)
    const { metadata, type, data } = parsed.data
    if (type === 'kubernetes.io/tls' && (data['tls.crt'] === undefined || data['tls.key'] === undefined)) {
      return refuse(422, 'tls.crt and tls.key are required')
    }
    if (incoming.method === 'POST') {
      if (path[2] !== undefined) return refuse(405, 'POST on a name')
      return fixture.secrets.has(metadata.name)
        ? refuse(409, 'already exists')
        : { status: 201, content: store(metadata.name, parsed.data) }
    }
    if (incoming.method !== 'PUT' || there === undefined || metadata.name !== path[2]) return refuse(405, 'not allowed')
    if (metadata.resourceVersion !== there.metadata.resourceVersion) return refuse(409, 'the object has been modified')
    if (type !== there.type) return refuse(422, 'type is immutable')
    return { status: 200, content: store(metadata.name, parsed.data) }
  }

  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const fixture: KubernetesFixture = {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caPem: root.rootPem,
    token: 'token-of-a-service-account',
    namespace: 'shop',
    secrets: new Map(),
    log: [],
    interfere: null,
    touch: (name) => {
      const there = fixture.secrets.get(name)
      if (there !== undefined) store(name, there)
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  return fixture
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
