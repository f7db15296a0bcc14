import { expect, test } from 'vitest'
import { z } from 'zod'
import { caAdapters } from '../../../src/adapters/ca/index.ts'
import { dnsAdapters } from '../../../src/adapters/dns/index.ts'
import { secret } from '../../../src/adapters/kit/secret.ts'

test('the mark is in the JSON Schema, also of an optional secret and of one with more checks', () => {
  const settings = z.object({ token: secret('API token').regex(/x/), other: secret('Other').optional(), plain: z.string() })
  expect(z.toJSONSchema(settings).properties).toEqual({
    token: { type: 'string', minLength: 1, pattern: 'x', secret: true, description: 'API token' },
    other: { type: 'string', minLength: 1, secret: true, description: 'Other' },
    plain: { type: 'string' },
  })
})

test('an empty secret is refused', () => {
  expect(secret('x').safeParse('').success).toBe(false)
})

/** The settings of all levels, by name. */
function settingsOf(schema: z.core.JSONSchema.BaseSchema): (readonly [string, z.core.JSONSchema.BaseSchema])[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, property]) =>
    typeof property === 'boolean' ? [] : [[name, property] as const, ...settingsOf(property)],
  )
}

test.each([...caAdapters, ...dnsAdapters].map((adapter) => [adapter.id, adapter] as const))(
  'every setting of %s that sounds like a secret is marked',
  (_id, { config }) => {
    const settings = settingsOf(z.toJSONSchema(config, { io: 'input' }))
    for (const [name, schema] of settings)
      expect([name, schema['secret'] === true]).toEqual([name, /secret|password|token|hmac/i.test(name)])
    expect(settings.length).toBeGreaterThan(0)
  },
)

test('no two adapters of a kind share an id', () => {
  for (const adapters of [caAdapters, dnsAdapters]) expect(new Set(adapters.map(({ id }) => id)).size).toBe(adapters.length)
})
