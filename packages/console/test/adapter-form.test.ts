import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  changedSettings,
  isMoved,
  isSecretSet,
  readFields,
  settingsOf,
  startValueOf,
  type AdapterField,
} from '../src/components/adapter-form/fields.ts'
import { adapterTexts } from '../src/components/adapter-form/texts.ts'
import { more } from '../src/i18n/zh/more.ts'

const fieldsOf = (schema: z.ZodType) => readFields(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }))

describe('fields from a schema', () => {
  test.each<[string, z.ZodType, Partial<AdapterField> & object]>([
    ['a text', z.string().min(1).meta({ description: 'Host' }), { kind: 'text', isRequired: true, description: 'Host' }],
    ['a text that may be left out', z.string().optional(), { kind: 'text', isRequired: false }],
    ['a secret', z.string().meta({ secret: true }), { kind: 'secret', isRequired: true }],
    [
      'a number with a preset',
      z.int().min(1).max(9).default(5),
      { kind: 'number', isRequired: false, preset: 5, isInteger: true },
    ],
    ['a number or null', z.int().min(1).max(9).nullable().default(5), { kind: 'number', minimum: 1, maximum: 9, preset: 5 }],
    ['a switch', z.boolean().default(false), { kind: 'boolean', preset: false }],
    ['a choice', z.enum(['a', 'b']), { kind: 'choice', options: ['a', 'b'] }],
    ['a list', z.array(z.email()).max(3).default([]), { kind: 'list', maxItems: 3 }],
    ['a URL', z.url({ protocol: /^https?$/ }), { kind: 'text', format: 'uri' }],
  ])('%s', (_what, schema, expected) => {
    expect(fieldsOf(z.object({ setting: schema }))).toMatchObject([{ name: 'setting', path: ['setting'], ...expected }])
  })

  test('PEM and texts of several lines are long', () => {
    const fields = fieldsOf(z.object({ caPem: z.string(), text: z.string().max(2000), name: z.string().max(64) }))
    expect(fields.map((field) => 'isLong' in field && field.isLong)).toEqual([true, true, false])
  })

  test('an object one level deep, whose fields have its name in their path', () => {
    const [eab] = fieldsOf(z.object({ eab: z.object({ keyId: z.string(), hmacKey: z.string() }).optional() }))
    expect(eab).toMatchObject({ kind: 'object', isRequired: false })
    expect(eab?.kind === 'object' ? eab.fields.map(({ path, isRequired }) => [path.join('.'), isRequired]) : []).toEqual([
      ['eab.keyId', true],
      ['eab.hmacKey', true],
    ])
  })
})

describe('what was typed, as the API takes it', () => {
  const fields = fieldsOf(
    z.object({
      host: z.string(),
      port: z.int().default(25),
      contacts: z.array(z.string()).default([]),
      eab: z.object({ keyId: z.string(), hmacKey: z.string().meta({ secret: true }) }).optional(),
      password: z.string().meta({ secret: true }).optional(),
      tls: z.boolean().default(false),
    }),
  )

  test('what is empty is left out, with the object that it is in', () => {
    const typed = {
      host: ' mail.example ',
      port: null,
      contacts: '',
      eab: { keyId: '', hmacKey: undefined },
      password: '',
      tls: false,
    }
    expect(settingsOf(fields, typed)).toEqual({ host: 'mail.example', tls: false })
  })

  test('a list is one entry in each line; a secret stays as it was typed', () => {
    const typed = { host: 'h', port: 587, contacts: 'a@b.c\n\n d@e.f \n', eab: { keyId: 'k' }, password: ' p ', tls: true }
    expect(settingsOf(fields, typed)).toEqual({
      host: 'h',
      port: 587,
      contacts: ['a@b.c', 'd@e.f'],
      eab: { keyId: 'k' },
      password: ' p ',
      tls: true,
    })
  })

  test('a list starts as its lines', () => {
    const [list] = fieldsOf(z.object({ list: z.array(z.string()).default(['a', 'b']) }))
    expect(list === undefined ? null : startValueOf(list)).toBe('a\nb')
  })
})

test('an adapter without texts is shown as it describes itself', () => {
  const texts = adapterTexts(more.adapters, 'ca')
  expect(texts.titleOf({ id: 'new', title: 'Something new' })).toBe('Something new')
  expect(texts.labelOf('new', ['group', 'webhookUrl'])).toBe('Webhook url')
  expect(texts.helpOf('new', ['x'], 'What to put in')).toBe('What to put in')
  expect(texts.choiceOf('new', 'odd')).toBe('odd')
})

describe('a connection that is there', () => {
  const fields = fieldsOf(
    z.object({
      server: z.string(),
      port: z.int().default(53),
      commands: z.array(z.string()).optional(),
      ssh: z.object({ host: z.string(), privateKey: z.string().meta({ secret: true }).optional() }).optional(),
      secret: z.string().meta({ secret: true }),
      odd: z.array(z.object({ deep: z.string() })).optional(),
    }),
  )
  const stored = {
    config: { server: 'ns1.example', commands: ['nginx', '-t'], ssh: { host: 'web1' }, odd: [{ deep: 'x' }] },
    secretsSet: ['secret', 'ssh.privateKey'],
  }
  const shown = { server: 'ns1.example', port: 53, commands: 'nginx\n-t', ssh: { host: 'web1' } }

  test('shows what is stored, and which secrets need not be entered again', () => {
    const all = fields.flatMap((field) => (field.kind === 'object' ? field.fields : [field]))
    expect(all.map((field) => startValueOf(field, stored))).toEqual([
      'ns1.example',
      53,
      'nginx\n-t',
      'web1',
      undefined,
      undefined,
    ])
    expect(all.filter((field) => isSecretSet(field, stored)).map(({ path }) => path.join('.'))).toEqual([
      'ssh.privateKey',
      'secret',
    ])
  })

  test('sends nothing when nothing was changed, else all but the secrets that were left empty, and what no field can hold', () => {
    expect(changedSettings(fields, { ...shown, secret: '' }, stored)).toBeNull()
    expect(changedSettings(fields, { ...shown, server: 'ns2.example' }, stored)).toEqual({
      server: 'ns2.example',
      port: 53,
      commands: ['nginx', '-t'],
      ssh: { host: 'web1' },
      odd: [{ deep: 'x' }],
    })
    expect(changedSettings(fields, { ...shown, secret: 'new' }, stored)).toMatchObject({ secret: 'new' })
  })
})

test('a group that may be left out is, when nothing but a preset is in it', () => {
  const fields = fieldsOf(z.object({ ssh: z.object({ host: z.string(), port: z.int().default(22) }).optional() }))
  expect(settingsOf(fields, { ssh: { host: '', port: 22 } })).toEqual({})
  expect(settingsOf(fields, { ssh: { host: 'web1', port: 22 } })).toEqual({ ssh: { host: 'web1', port: 22 } })
})

describe('a change of where secrets go', () => {
  const secret = z.string().meta({ secret: true })
  const to = { destination: true }
  const fields = fieldsOf(
    z.object({
      host: z.string().meta(to),
      port: z.int().default(25).meta(to),
      name: z.string().optional(),
      hook: secret.meta({ secret: true, ...to }).optional(),
      token: secret,
      password: secret.optional(),
      ssh: z
        .object({ host: z.string().meta(to), user: z.string(), key: secret.optional(), phrase: secret.optional() })
        .optional(),
    }),
  )
  const stored = {
    config: { host: 'h', name: 'n', ssh: { host: 's', user: 'u' } },
    secretsSet: ['hook', 'token', 'password', 'ssh.key', 'ssh.phrase'],
  }
  const shown = { host: 'h', port: 25, name: 'n', ssh: { host: 's', user: 'u' } }

  test.each([
    ['nothing', {}, false],
    ['a name', { name: 'm' }, false],
    ['a default that is taken away', { port: null }, false],
    ['spaces', { host: ' h ' }, false],
    ['another secret', { password: 'new' }, false],
    ['the host', { host: 'i' }, true],
    ['the port', { port: 26 }, true],
    ['a host within a group', { ssh: { host: 't', user: 'u' } }, true],
    ['a group that is taken away', { ssh: { host: '', user: '' } }, true],
    ['a secret that is an address', { hook: 'https://elsewhere.example' }, true],
  ])('%s', (_what, change, expected) => {
    expect(isMoved(fields, { ...shown, ...change }, stored)).toBe(expected)
  })

  test('takes secrets that may be missing away, and leaves out those that have to be there', () => {
    const typed = { ...shown, host: 'i', ssh: { ...shown.ssh, key: 'k' } }
    expect(changedSettings(fields, typed, stored)).toEqual({
      host: 'i',
      port: 25,
      name: 'n',
      password: null,
      ssh: { host: 's', user: 'u', key: 'k', phrase: null },
    })
    expect(changedSettings(fields, { ...shown, name: 'm' }, stored)).toEqual({ ...shown, name: 'm' })
  })
})
