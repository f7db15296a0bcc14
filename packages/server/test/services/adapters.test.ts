import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Scope } from '@evercert/contract'
import { anAccount, refusalOf, type TestAccount } from '../support/builders.ts'
import { openerOf } from '../support/databases.ts'
import { IDLE_WORKER, startTestService, type TestService } from '../support/service.ts'

interface JsonSchema {
  readonly secret?: boolean
  readonly properties?: Readonly<Record<string, JsonSchema>>
}

/** `a.b` for each setting that is marked, also inside others. */
function secretsOf(schema: JsonSchema, path: readonly string[] = []): string[] {
  const inner = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => secretsOf(property, [...path, name]))
  return schema.secret === true ? [path.join('.'), ...inner] : inner
}

describe('what can be connected', () => {
  const open = openerOf('embedded')
  let service: TestService
  let owner: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open(), worker: IDLE_WORKER })
    owner = await anAccount(service, { balanceMinor: 0 })
  })
  afterAll(() => service.stop())

  const PORTS = ['ca', 'dns', 'deploy', 'notify', 'payment'] as const

  test.each(PORTS)('every adapter of %s describes its settings', async (port) => {
    const { items } = await owner.client.adapters[port]()
    expect(items.map(({ id }) => id)).toEqual(service.services.adapters[port].map(({ id }) => id))
    for (const { title, configSchema } of items) {
      expect(title).not.toBe('')
      expect(configSchema).toMatchObject({ type: 'object', properties: expect.any(Object) })
    }
  })

  test('secrets are marked, inside of others too, and nothing else is', async () => {
    const answers = await Promise.all(PORTS.map((port) => owner.client.adapters[port]()))
    const marked = new Map(
      answers.flatMap(({ items }) => items.map(({ id, configSchema }) => [id, secretsOf(configSchema as JsonSchema)] as const)),
    )
    expect(marked.get('acme')).toEqual(['eab.hmacKey'])
    expect(marked.get('rfc2136')).toEqual(['secret'])
    expect(marked.get('smtp')).toEqual(['password'])
    expect(marked.get('webhook')).toEqual(['url', 'secret'])
    expect(marked.get('stripe')).toEqual(['secretKey', 'webhookSecret'])
    expect(marked.get('alipay')).toEqual(['privateKey'])
    expect(marked.get('builtin')).toEqual([])
    expect(marked.get('localFiles')).toEqual(['ssh.privateKey', 'ssh.passphrase', 'ssh.password'])
  })

  test.each<[Scope, readonly string[]]>([
    ['notices:write', ['notify']],
    ['targets:write', ['dns']],
    ['installation:operate', ['ca', 'deploy', 'payment']],
    ['certificates:read', []],
  ])('who may create it may read it: %s reads %j alone', async (scope, readable) => {
    const { token } = await owner.client.tokens.create({ name: scope, scopes: [scope] })
    const client = service.clientOf(token)
    for (const port of PORTS) {
      if (readable.includes(port)) expect((await client.adapters[port]()).items).not.toEqual([])
      else expect((await refusalOf(client.adapters[port]())).code).toBe('forbidden')
    }
  })
})
