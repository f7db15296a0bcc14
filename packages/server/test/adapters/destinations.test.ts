// Whoever may change a connection shall not be able to have its write-only secrets sent to a place of their own.
import { rootCertificates } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { caAdapters } from '../../src/adapters/ca/index.ts'
import { deployAdapters } from '../../src/adapters/deploy/index.ts'
import { dnsAdapters } from '../../src/adapters/dns/index.ts'
import { notifyAdapters } from '../../src/adapters/notify/index.ts'
import { paymentAdapters } from '../../src/adapters/payment/index.ts'
import { withKeptSecrets, withoutSecrets } from '../../src/services/secret-settings.ts'

type Settings = Record<string, unknown>
type Leaves = Record<string, unknown>

const ADAPTERS = [...caAdapters, ...deployAdapters, ...dnsAdapters, ...notifyAdapters, ...paymentAdapters]

const whsec = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`
const hostKey = (letter: string) => `SHA256:${letter.repeat(43)}`
const [ANY_ROOT] = rootCertificates
const SSH: Leaves = {
  'ssh.host': 'h.example',
  'ssh.user': 'deploy',
  'ssh.hostKeys': [hostKey('a')],
  'ssh.privateKey': 'k',
  'ssh.passphrase': 'p',
  'ssh.password': 'w',
}
const SSH_ELSEWHERE: Leaves = { 'ssh.host': 'thief.example', 'ssh.port': 2222, 'ssh.hostKeys': [hostKey('a'), hostKey('b')] }
const TWO_FILES: Leaves = { certificatePath: '/etc/x/a.pem', keyPath: '/etc/x/a.key', ...SSH }
const ONE_FILE: Leaves = { pemPath: '/etc/x/a.pem', ...SSH }

/** Settings with every secret, and for each setting that decides who receives them another value. */
const KINDS: Record<string, { readonly settings: Leaves; readonly elsewhere: Leaves }> = {
  'ca acme': {
    settings: { directoryUrl: 'https://ca.example/dir', 'eab.keyId': 'k', 'eab.hmacKey': 'c2VjcmV0' },
    elsewhere: { directoryUrl: 'https://thief.example/dir', caPem: ANY_ROOT },
  },
  'dns rfc2136': {
    settings: { server: 'ns.example', keyName: 'k', secret: 'c2VjcmV0' },
    elsewhere: { server: 'thief.example', port: 5353 },
  },
  'notify smtp': {
    settings: { host: 'mail.example', user: 'u', password: 'w', from: 'a@example.com' },
    elsewhere: { host: 'thief.example', port: 2525, security: 'none', caPem: ANY_ROOT },
  },
  'notify telegram': {
    settings: { botToken: `1:${'a'.repeat(30)}`, chatId: '1' },
    elsewhere: { apiBase: 'https://thief.example' },
  },
  'notify webhook': {
    settings: { url: 'https://hook.example/x', secret: whsec(1) },
    elsewhere: { url: 'https://thief.example/x' },
  },
  'notify dingtalk': {
    settings: { webhookUrl: 'https://oapi.dingtalk.com/robot/send?access_token=a', secret: 'SECa' },
    elsewhere: { webhookUrl: 'https://thief.example/robot/send?access_token=a' },
  },
  'notify feishu': {
    settings: { webhookUrl: 'https://open.feishu.cn/open-apis/bot/v2/hook/a', secret: 's' },
    elsewhere: { webhookUrl: 'https://thief.example/open-apis/bot/v2/hook/a' },
  },
  'payment stripe': {
    settings: {
      secretKey: `sk_test_${'a'.repeat(24)}`,
      webhookSecret: `whsec_${'b'.repeat(24)}`,
      returnUrl: 'https://console.example/',
    },
    elsewhere: { apiBase: 'https://thief.example' },
  },
  'payment alipay': {
    settings: {
      appId: '1234567890',
      privateKey: 'a'.repeat(100),
      alipayPublicKey: 'b'.repeat(100),
      returnUrl: 'https://console.example/',
    },
    elsewhere: { gateway: 'https://thief.example/gateway.do' },
  },
  'deploy kubernetes': {
    settings: { apiServer: 'https://k8s.example', token: 't', secretName: 'tls' },
    elsewhere: { apiServer: 'https://thief.example', caPem: ANY_ROOT },
  },
  'deploy webhook': {
    settings: { url: 'https://hook.example/x', secret: whsec(1) },
    elsewhere: { url: 'https://thief.example/x' },
  },
  'deploy awsAcm': {
    settings: { region: 'eu-central-1', accessKeyId: 'A'.repeat(16), secretAccessKey: 's', name: 'n' },
    elsewhere: { endpoint: 'https://thief.example' },
  },
  'deploy alibabaCas': {
    settings: { accessKeyId: 'L'.repeat(16), accessKeySecret: 's' },
    elsewhere: { casEndpoint: 'https://thief.example' },
  },
  'deploy alibabaCdn': {
    settings: { accessKeyId: 'L'.repeat(16), accessKeySecret: 's', domain: 'cdn.example.com' },
    elsewhere: { casEndpoint: 'https://thief.example', cdnEndpoint: 'https://thief.example' },
  },
  'deploy tencentSsl': {
    settings: { secretId: 'A'.repeat(16), secretKey: 's', name: 'n', resourceTypes: ['cdn'] },
    elsewhere: { endpoint: 'https://thief.example' },
  },
  'deploy tomcat': {
    settings: { keystorePath: '/etc/x/a.p12', keystorePassword: 'secret', ...SSH },
    elsewhere: SSH_ELSEWHERE,
  },
  'deploy haproxy': { settings: ONE_FILE, elsewhere: SSH_ELSEWHERE },
  ...Object.fromEntries(
    ['localFiles', 'nginx', 'apache', 'caddy', 'dovecot', 'lighttpd', 'postfix'].map((id) => [
      `deploy ${id}`,
      { settings: TWO_FILES, elsewhere: SSH_ELSEWHERE },
    ]),
  ),
}
/** Of those whose only secret is the address itself there is nothing to keep when it changes. */
const ONLY_AN_ADDRESS = ['notify slack', 'notify wecom']
/** Look like an address, and nothing is sent there. */
const NO_RECEIVER = ['returnUrl', 'fileValidationHttpPort', 'publicUrl']

const nameOf = ({ kind, id }: { readonly kind: string; readonly id: string }) => `${kind} ${id}`
const lastOf = (path: string) => path.split('.').at(-1) ?? ''

interface Schema {
  readonly secret?: boolean
  readonly destination?: boolean
  readonly properties?: Record<string, Schema>
}

function leavesOf(schema: Schema, path = ''): [string, Schema][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const own = path === '' ? name : `${path}.${name}`
    return inner.properties === undefined ? [[own, inner] as [string, Schema]] : leavesOf(inner, own)
  })
}

const schemaOf = (config: z.ZodType) => leavesOf(z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }) as Schema)

function build(leaves: Leaves): Settings {
  const settings: Settings = {}
  for (const [path, value] of Object.entries(leaves)) put(settings, path.split('.'), value)
  return settings
}

function put(settings: Settings, [name = '', ...rest]: string[], value: unknown): void {
  if (rest.length === 0) settings[name] = value
  else put((settings[name] ??= {}) as Settings, rest, value)
}

describe.each(ADAPTERS.map((adapter) => ({ name: nameOf(adapter), adapter })))('the secrets of $name', ({ name, adapter }) => {
  const leaves = schemaOf(adapter.config)
  const secrets = leaves.filter(([, { secret }]) => secret === true).map(([path]) => path)
  const destinations = leaves.filter(([, { destination }]) => destination === true).map(([path]) => path)
  const kind = KINDS[name]

  test('each setting that looks like the address of a receiver is marked as one, when there are secrets', () => {
    if (secrets.length === 0) return
    const looksLikeOne = /(host|hostKeys|server|port|url|base|gateway|endpoint|caPem|proxy)$/i
    const found = leaves.map(([path]) => path).filter((path) => looksLikeOne.test(path) && !NO_RECEIVER.includes(lastOf(path)))
    expect(found.filter((path) => !destinations.includes(path))).toEqual([])
    if (!ONLY_AN_ADDRESS.includes(name)) expect(Object.keys(kind?.elsewhere ?? {}).toSorted()).toEqual(destinations.toSorted())
    expect(destinations.length).toBeGreaterThan(0)
  })

  if (kind === undefined) return
  const old = build(kind.settings)
  const { config: shown, secretsSet } = withoutSecrets(adapter.config, old)

  test('are all in the settings of this test', () => {
    expect(secretsSet.toSorted()).toEqual(secrets.toSorted())
    expect(adapter.config.safeParse(old)).toMatchObject({ success: true })
  })

  test('stay when they are left out and everything else is as it was, also when a default is said', () => {
    expect(withKeptSecrets(adapter.config, shown, old)).toEqual(old)
    const said = withoutSecrets(adapter.config, adapter.config.parse(old)).config
    expect(adapter.config.parse(withKeptSecrets(adapter.config, said, old))).toEqual(adapter.config.parse(old))
  })

  test.each(Object.entries(kind.elsewhere))('are wanted again when %s changes', (path, value) => {
    const changed = structuredClone(shown)
    put(changed, path.split('.'), value)
    const wanted = secretsSet.filter((secret) => secret !== path)
    expect(() => withKeptSecrets(adapter.config, changed, old)).toThrow(
      expect.objectContaining({ code: 'secretsNeeded', facts: { changed: [path], secrets: wanted } }) as Error,
    )
    for (const secret of wanted) put(changed, secret.split('.'), kind.settings[secret])
    expect(withKeptSecrets(adapter.config, changed, old)).toEqual(changed)
  })

  test('that may be missing are taken away by null', () => {
    for (const secret of secretsSet) {
      const changed = structuredClone(shown)
      put(changed, secret.split('.'), null)
      const { [secret]: _gone, ...rest } = kind.settings
      expect(withKeptSecrets(adapter.config, changed, old)).toEqual(build(rest))
    }
  })
})

test('a host that there was none before, or that is no more, is another receiver', () => {
  const { config } = ADAPTERS.find(({ id }) => id === 'tomcat') ?? { config: z.object({}) }
  const here = { keystorePath: '/etc/x/a.p12', keystorePassword: 'secret' }
  const there = { ...here, ssh: build(SSH)['ssh'] }
  const { keystorePassword: _secret, ...keptThere } = there
  expect(() => withKeptSecrets(config, keptThere, here)).toThrow(expect.objectContaining({ code: 'secretsNeeded' }) as Error)
  expect(() => withKeptSecrets(config, { keystorePath: '/etc/x/a.p12' }, there)).toThrow(
    expect.objectContaining({ code: 'secretsNeeded' }) as Error,
  )
})
