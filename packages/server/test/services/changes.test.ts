import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  aForm,
  anAccount,
  anIssuedCertificate,
  anUpload,
  buyCertificate,
  withKey,
  PRIVATE_SINGLE,
  refusalOf,
  type TestAccount,
} from '../support/builders.ts'
import { nginx } from '../../src/adapters/deploy/nginx.ts'
import { eachDatabase, temporaryFolder } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const PASSWORD = 'kept-and-never-shown'
const NO_COMMAND = ['true']

eachDatabase((_kind, open) => {
  let service: TestService
  let account: TestAccount
  let other: TestAccount
  beforeAll(async () => {
    service = await startTestService({ database: await open() })
    account = await anAccount(service)
    other = await anAccount(service)
  })
  afterAll(() => service.stop())

  const deployed = (id: string, not?: string) =>
    waitFor('the deployment', async () => {
      const target = (await account.client.targets.list()).items.find((one) => one.id === id)
      const { deployment = null } = target ?? {}
      return deployment !== null && deployment.id !== not && ['applied', 'proved'].includes(deployment.state) ? deployment : null
    })

  test('a target whose settings change is deployed to anew, keeps secrets that are left out, and no other target is touched', async () => {
    const { client } = account
    const { id: certificateId } = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
    const folder = temporaryFolder()
    for (const name of ['one', 'two', 'away']) mkdirSync(join(folder, name))
    const files = (name: string) => ({ certificatePath: join(folder, name, 'a.pem'), keyPath: join(folder, name, 'a.key') })
    const keystore = (name: string) => ({ keystorePath: join(folder, name, 'a.p12'), reloadCommand: NO_COMMAND })
    const one = await client.targets.create({
      certificateId,
      name: 'changed',
      kind: 'tomcat',
      config: { ...keystore('one'), keystorePassword: PASSWORD },
    })
    const two = await client.targets.create({ certificateId, name: 'left alone', kind: 'localFiles', config: files('two') })
    const [before, alone] = [await deployed(one.id), await deployed(two.id)]

    const shown = await client.targets.get({ id: one.id })
    expect(shown).toMatchObject({ config: keystore('one'), secretsSet: ['keystorePassword'] })
    expect(JSON.stringify(shown)).not.toContain(PASSWORD)
    const changed = await client.targets.update({ id: one.id, name: 'moved', config: keystore('away') })
    expect(changed).toMatchObject({ name: 'moved', config: keystore('away'), secretsSet: ['keystorePassword'] })
    expect((await deployed(one.id, before.id)).issuanceSha256).toBe(before.issuanceSha256)
    const store = join(folder, 'away', 'a.p12')
    execFileSync('openssl', ['pkcs12', '-in', store, '-passin', `pass:${PASSWORD}`, '-nokeys'], { stdio: 'pipe' })
    expect(existsSync(join(folder, 'one', 'a.p12'))).toBe(true)
    expect(await deployed(two.id)).toEqual(alone)
    const { items } = await client.certificates.history({ id: certificateId })
    expect(items.map(({ to, detail }) => [to, detail])).toContainEqual([
      'changed',
      'moved: the certificate is deployed there anew',
    ])

    // A name alone deploys nothing; the address of its own does.
    const { deployment } = await client.targets.update({ id: one.id, name: 'named' })
    expect((await deployed(one.id)).id).toBe(deployment?.id)
    const probed = await client.targets.update({ id: one.id, probe: { host: '127.0.0.1', port: 9 } })
    expect(probed).toMatchObject({ probe: { host: '127.0.0.1', port: 9, serverName: '127.0.0.1', protocol: 'tls' } })
    expect(probed.deployment?.id).not.toBe(deployment?.id)
    await deployed(one.id, deployment?.id)
    service.clock.advance(11_000)
    await waitFor('the end of the look', async () => (await client.targets.get({ id: one.id })).deployment?.problem ?? null)
    expect((await client.targets.update({ id: one.id, probe: null })).probe).toBeNull()
  })

  test('what does not fit is refused and changes nothing; another account sees no such target', async () => {
    const { client } = account
    const { items } = await client.targets.list()
    const [one, two] = ['named', 'left alone'].map((name) => items.find((each) => each.name === name)?.id ?? '')
    const id = one ?? ''
    const before = await client.targets.get({ id })
    expect((await refusalOf(client.targets.update({ id, name: 'left alone' }))).code).toBe('duplicateName')
    expect((await refusalOf(client.targets.update({ id, config: { keystorePath: 'relative' } }))).code).toBe('invalid')
    expect((await refusalOf(client.targets.update({ id, config: { ...before.config, typo: 1 } }))).code).toBe('invalid')
    expect((await refusalOf(client.targets.update({ id, canary: true }))).code).toBe('invalid')
    expect(await client.targets.get({ id })).toMatchObject({ name: 'named', config: before.config, canary: false })
    for (const call of [
      () => other.client.targets.get({ id: two ?? '' }),
      () => other.client.targets.update({ id: two ?? '', name: 'mine' }),
    ])
      expect((await refusalOf(call())).code).toBe('notFound')
  })

  test('no two targets overwrite one file: whoever adds or changes the second is refused, also at the same moment, and across accounts', async () => {
    const { client } = account
    const [mine, theirs] = await Promise.all([account, other].map((one) => anUpload(one)))
    const folder = temporaryFolder()
    const files = (name: string, key = name) => ({
      certificatePath: join(folder, `${name}.pem`),
      keyPath: join(folder, `${key}.key`),
    })
    const add = (by: TestAccount, name: string, config: Record<string, unknown>, kind = 'localFiles') =>
      by.client.targets.create({ certificateId: (by === account ? mine : theirs)?.id ?? '', name, kind, config })
    const first = await add(account, 'holder', files('a', 'shared'))
    const { config } = await client.targets.get({ id: first.id })
    const second = await refusalOf(add(account, 'second', { ...files('b'), keyPath: `${folder}/./x/..//shared.key` }))
    expect(second).toMatchObject({ code: 'placeTaken', facts: { targetId: first.id } })
    expect(second.detail).toContain('holder')
    // Another account is told that there is one, and not which.
    const stranger = await refusalOf(add(other, 'third', files('c', 'shared'), 'nginx'))
    expect(stranger).toMatchObject({ code: 'placeTaken', facts: {} })
    expect(stranger.detail).not.toMatch(new RegExp(`holder|${first.id}`))
    expect((await client.targets.list()).items.map(({ name }) => name)).not.toContain('second')
    // By another name of the folder: a link, also behind `..`, or above folders that are not there yet.
    mkdirSync(join(folder, 'real', 'deep'), { recursive: true })
    symlinkSync('real', join(folder, 'live'))
    symlinkSync(join('real', 'deep'), join(folder, 'deep'))
    await add(account, 'linked', files('live/site'))
    await add(account, 'new folder', files('live/later/site'))
    for (const name of ['real/site', 'real/later/site', 'real/later/../later/site'])
      expect((await refusalOf(add(account, 'behind', files(name)))).code).toBe('placeTaken')
    const behind = { certificatePath: `${folder}/deep/../site.pem`, keyPath: join(folder, 'behind.key') }
    expect((await refusalOf(add(account, 'behind', behind))).code).toBe('placeTaken')
    await add(account, 'beside', files('real/deep/site'))
    // At the same moment.
    const both = await Promise.allSettled([add(account, 'race', files('d')), add(other, 'race', files('d'))])
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
    // Changed.
    const free = await add(account, 'free', files('e'))
    expect((await refusalOf(client.targets.update({ id: free.id, config: files('e', 'shared') }))).code).toBe('placeTaken')
    await deployed(first.id)
    await client.targets.update({ id: first.id, config: { ...config, reloadCommand: NO_COMMAND } })
    // One from before it was looked at.
    await service.services.db.updateTable('target').set({ places: null }).execute()
    expect((await refusalOf(add(other, 'late', files('f', 'shared')))).code).toBe('placeTaken')
    expect((await refusalOf(add(other, 'late', files('real/site')))).code).toBe('placeTaken')
    await deployed(first.id)
    await client.targets.remove({ id: first.id })
    await add(other, 'freed', files('g', 'shared'))
  })

  test('the same path on another host, or of another user, is another file', async () => {
    const at = (host: string, user = 'deploy', certificatePath = '/etc/tls/a.pem') =>
      nginx.writes?.(
        nginx.config.parse({
          certificatePath,
          keyPath: '/etc/tls/a.key',
          ssh: { host, user, hostKeys: [`SHA256:${'a'.repeat(43)}`], password: PASSWORD },
        }),
        'acc_1',
      )
    const web = await at('web.example.com')
    expect(await at('WEB.example.com', 'deploy', '/etc//tls/../tls/a.pem')).toEqual(web)
    expect(await at('web.example.com', 'root')).not.toEqual(web)
    expect(await at('mail.example.com')).not.toEqual(web)
  })

  test('a DNS connection keeps the secret that is left out, is not removed while an application needs it, and is removed after', async () => {
    const { client } = account
    const config = { server: '127.0.0.1', port: 1, keyName: 'evercert', secret: Buffer.alloc(32, 3).toString('base64') }
    const made = await client.dnsConnections.create({ name: 'bind', kind: 'rfc2136', config })
    const spare = await client.dnsConnections.create({ name: 'spare', kind: 'rfc2136', config })
    const { secret: _secret, ...shown } = config
    expect(await client.dnsConnections.update({ id: made.id, name: 'knot', config: { ...shown, zone: 'example.com' } })).toEqual({
      id: made.id,
      name: 'knot',
      kind: 'rfc2136',
      config: { ...shown, zone: 'example.com' },
      secretsSet: ['secret'],
    })
    expect((await refusalOf(client.dnsConnections.update({ id: made.id, name: 'spare' }))).code).toBe('duplicateName')
    expect((await refusalOf(other.client.dnsConnections.remove({ id: made.id }))).code).toBe('notFound')

    const ordered = await buyCertificate(account)
    const form = { ...aForm(['dns.example.com']), validationMethod: 'dnsAutomatic' as const, dnsConnectionId: made.id }
    await client.applications.submit({ id: ordered.id, ...form })
    const refusal = await refusalOf(client.dnsConnections.remove({ id: made.id }))
    expect([refusal.code, refusal.detail]).toEqual(['inUse', expect.stringContaining(ordered.id)])
    expect(await client.dnsConnections.remove({ id: spare.id })).toEqual({ id: spare.id })
    expect((await client.dnsConnections.list()).items.map(({ name }) => name)).toEqual(['knot'])
  })

  test('one setting of a payment connection is changed without giving its secrets again', async () => {
    const { client } = account
    const config = {
      returnUrl: 'https://console.example/orders',
      secretKey: `sk_test_${'a'.repeat(24)}`,
      webhookSecret: `whsec_${'b'.repeat(24)}`,
    }
    const made = await client.paymentConnections.create({ id: 'cards', title: 'Cards', kind: 'stripe', config })
    const shown = await client.paymentConnections.get({ id: made.id })
    expect(shown).toMatchObject({ id: 'cards', secretsSet: ['secretKey', 'webhookSecret'] })
    expect(JSON.stringify(shown)).not.toContain('aaaa')
    const secrets = async () => {
      const { db, vault } = service.services
      const { config_secret_id: id } = await db
        .selectFrom('payment_connection')
        .select('config_secret_id')
        .where('id', '=', 'cards')
        .executeTakeFirstOrThrow()
      return JSON.parse(await vault.open(db, id, 'paymentConfig')) as object
    }
    const webhookSecret = `whsec_${'c'.repeat(24)}`
    await client.paymentConnections.update({ id: 'cards', config: { ...shown.config, webhookSecret } })
    expect(await secrets()).toMatchObject({ secretKey: config.secretKey, webhookSecret })
    expect((await refusalOf((await anAccount(service)).client.paymentConnections.get({ id: 'nothing' }))).code).toBe('notFound')
  })

  test('a kept secret goes nowhere else: whoever changes the receiver gives it again, whatever is connected', async () => {
    const { client } = account
    const thief = 'https://thief.example'
    const stored = () =>
      service.services.db
        .selectFrom('secret')
        .select(['id', 'ciphertext'])
        .where('purpose', 'like', '%Config')
        .orderBy('id')
        .execute()
    const dns = { server: 'ns.example', keyName: 'k', secret: Buffer.alloc(32, 4).toString('base64') }
    const telegram = { botToken: `1:${'a'.repeat(30)}`, chatId: '1' }
    const card = {
      returnUrl: 'https://console.example/',
      secretKey: `sk_test_${'d'.repeat(24)}`,
      webhookSecret: `whsec_${'e'.repeat(24)}`,
    }
    const kubernetes = { apiServer: 'https://k8s.example', token: 'kept-token', secretName: 'tls' }
    const acme = { directoryUrl: 'https://ca.example/dir', eab: { keyId: 'k', hmacKey: 'c2VjcmV0' } }
    const { id: certificateId } = await anIssuedCertificate(account, { productId: PRIVATE_SINGLE })
    const made = {
      dns: await client.dnsConnections.create({ name: 'kept', kind: 'rfc2136', config: dns }),
      channel: await client.channels.create({ name: 'kept', kind: 'telegram', config: telegram }),
      card: await client.paymentConnections.create({ id: 'kept', title: 'Kept', kind: 'stripe', config: card }),
      target: await client.targets.create({ certificateId, name: 'kept', kind: 'kubernetes', config: kubernetes }),
      issuer: await client.issuers.create({ id: 'kept', title: 'Kept', kind: 'acme', config: acme }),
    }
    const before = await stored()
    const { secret: _dns, ...dnsShown } = dns
    const { botToken: _bot, ...telegramShown } = telegram
    const { secretKey: _key, webhookSecret: _hook, ...cardShown } = card
    const { token: _token, ...kubernetesShown } = kubernetes
    const [caPem] = rootCertificates
    const attempts = [
      client.dnsConnections.update({ id: made.dns.id, config: { ...dnsShown, server: 'thief.example' } }),
      client.channels.update({ id: made.channel.id, config: { ...telegramShown, apiBase: thief } }),
      client.paymentConnections.update({ id: made.card.id, config: { ...cardShown, apiBase: thief } }),
      client.targets.update({ id: made.target.id, config: { ...kubernetesShown, apiServer: thief } }),
      client.issuers.update({ id: made.issuer.id, config: { ...acme, eab: { keyId: 'k' }, caPem } }),
    ]
    const refusals = await Promise.all(attempts.map((attempt) => refusalOf(attempt)))
    expect(refusals.map(({ code, facts }) => [code, facts])).toEqual(
      [
        { changed: ['server'], secrets: ['secret'] },
        { changed: ['apiBase'], secrets: ['botToken'] },
        { changed: ['apiBase'], secrets: ['secretKey', 'webhookSecret'] },
        { changed: ['apiServer'], secrets: ['token'] },
        { changed: ['caPem'], secrets: ['eab.hmacKey'] },
      ].map((facts) => ['secretsNeeded', facts]),
    )
    expect(await stored()).toEqual(before)
    await client.channels.update({ id: made.channel.id, config: { ...telegram, apiBase: thief } })
  })

  test('a payment connection by which nobody paid is removed, with its settings', async () => {
    const { client } = account
    await client.paymentConnections.create({
      id: 'bank',
      title: 'Bank',
      kind: 'offlineInvoice',
      config: { instructions: 'Account 1' },
    })
    expect(await client.paymentConnections.remove({ id: 'bank' })).toEqual({ id: 'bank' })
    expect((await refusalOf(client.paymentConnections.remove({ id: 'bank' }))).code).toBe('notFound')
    const again = await client.paymentConnections.create({
      id: 'bank',
      title: 'B',
      kind: 'offlineInvoice',
      config: { instructions: '2' },
    })
    expect(again.title).toBe('B')
    const { id } = await client.orders.place({ productId: PRIVATE_SINGLE }, withKey())
    await client.orders.pay({ id, method: 'bank' }, withKey())
    expect((await refusalOf(client.paymentConnections.remove({ id: 'bank' }))).code).toBe('inUse')
  })
})
