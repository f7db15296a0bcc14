import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { receiptClaims, type CertificateDetail, type TargetView } from '@evercert/contract'
import { probeAddress } from '@evercert/pki/probe'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createChain, createSelfSigned, type TestLeaf } from '../../../../test/harness/certificates.ts'
import { CAN_RUN_DOVECOT, startDovecot } from '../../../../test/harness/dovecot.ts'
import { serveTls } from '../../../pki/test/probe/servers.ts'
import { startNginx, type Nginx } from '../../../../test/harness/nginx.ts'
import { MINUTE_MS } from '../../src/domain/time.ts'
import { anAccount, anIssuedCertificate, PRIVATE_SINGLE, refusalOf, type TestAccount } from '../support/builders.ts'
import { openerOf } from '../support/databases.ts'
import { startTestService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

let service: TestService
let account: TestAccount
const closing: (() => Promise<void> | void)[] = []
beforeAll(async () => {
  service = await startTestService({ database: await openerOf('embedded')() })
  account = await anAccount(service)
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
afterAll(() => service.stop())

const authority = createChain()

interface Site {
  readonly old: TestLeaf
  readonly nginx: Nginx
  readonly config: { readonly certificatePath: string; readonly keyPath: string }
  /** Of what the files hold. */
  onDisk(): string
  /** A program of the test's own. */
  script(name: string, body: string): string[]
}

/** A real nginx that serves an old certificate. */
async function aServer(name: string): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), 'evercert-deployments-'))
  const config = { certificatePath: join(folder, 'site.pem'), keyPath: join(folder, 'site.key') }
  const old = authority.issue({ names: [name] })
  writeFileSync(config.certificatePath, old.chainPem)
  writeFileSync(config.keyPath, old.privateKeyPem)
  const nginx = await startNginx(config)
  closing.push(async () => {
    await nginx.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    old,
    nginx,
    config,
    onDisk: () => new X509Certificate(readFileSync(config.certificatePath)).fingerprint256.replaceAll(':', '').toLowerCase(),
    script: (file, body) => {
      writeFileSync(join(folder, file), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
      return [join(folder, file)]
    },
  }
}

const nameOf = (certificate: CertificateDetail): string => certificate.domains[0] ?? ''
const aCertificate = (): Promise<CertificateDetail> => anIssuedCertificate(account, { productId: PRIVATE_SINGLE })

interface Wish {
  readonly reloadCommand?: readonly string[]
  readonly own?: boolean
  readonly canary?: boolean
}

function addTarget(certificate: CertificateDetail, site: Site, wish: Wish = {}): Promise<TargetView> {
  const { reloadCommand = site.nginx.reloadCommand, own = true, canary } = wish
  return account.client.targets.create({
    certificateId: certificate.id,
    name: `t-${site.nginx.httpsPort}`,
    kind: 'localFiles',
    config: { ...site.config, testCommand: site.nginx.testCommand, reloadCommand },
    ...(canary !== undefined && { canary }),
    ...(own && { probe: { host: '127.0.0.1', port: site.nginx.httpsPort, serverName: nameOf(certificate) } }),
  })
}

const read = async (id: string): Promise<TargetView> => {
  const found = (await account.client.targets.list()).items.find((target) => target.id === id)
  if (found === undefined) throw new Error(`no target ${id}`)
  return found
}
const reach = (id: string, state: string) =>
  waitFor(`${id} ${state}`, async () => {
    const target = await read(id)
    return target.deployment?.state === state ? target : null
  })
/** What a server shows to who asks it now. */
async function served({ nginx }: Site, certificate: CertificateDetail): Promise<string | null> {
  const where = { address: '127.0.0.1', port: nginx.httpsPort, serverName: nameOf(certificate) }
  const seen = await probeAddress({ ...where, timeoutMs: 4_000, trustedRootsPem: [], now: service.clock.now() })
  return seen.reachable ? seen.chain[0].sha256 : null
}

/** The time in which a reload may take effect is over. */
const letWindowPass = () => service.clock.advance(11_000)

describe('a target with an address of its own', () => {
  test('is proved by a handshake there, and the log has every step with its time', async () => {
    const certificate = await aCertificate()
    const site = await aServer(nameOf(certificate))
    const { id } = await addTarget(certificate, site)
    const { deployment } = await reach(id, 'proved')
    expect(site.onDisk()).toBe(certificate.sha256)
    const steps = [
      'Before: ',
      'Ran the test command',
      'Staged ',
      'Swapped in ',
      'Ran the test command',
      'Ran the reload command',
      'Its own address',
    ]
    const log = deployment?.log.filter((line) => !line.startsWith('  ')) ?? []
    expect(log).toHaveLength(steps.length)
    for (const [index, step] of steps.entries()) expect(log[index]).toContain(`Z ${step}`)
    const times = log.map((line) => Date.parse(line.split(' ')[0] ?? ''))
    expect(times).toEqual(times.toSorted((one, other) => one - other))
  })

  test('tells each step as it ends: who watches sees a swap while its reload still runs, and no line twice', async () => {
    const certificate = await aCertificate()
    const site = await aServer(nameOf(certificate))
    const go = join(site.config.certificatePath, '..', 'go')
    const reload = site.nginx.reloadCommand.join(' ')
    const { id } = await addTarget(certificate, site, {
      reloadCommand: site.script('slow-reload', `until [ -e '${go}' ]; do sleep 0.02; done; ${reload}`),
    })
    const during = await waitFor('the swap to be told', async () => {
      const { deployment } = await read(id)
      return deployment?.log.some((line) => line.includes('Z Swapped in ')) === true ? deployment : null
    })
    expect(during.state).toBe('planned')
    expect(during.log.some((line) => line.includes('Z Ran the reload command'))).toBe(false)
    // Deleted now, or told to go elsewhere, it would leave a lock, an owed reload, and a pair that nobody proved.
    for (const call of [
      () => account.client.targets.remove({ id }),
      () => account.client.targets.update({ id, config: { ...site.config } }),
      () => account.client.targets.update({ id, probe: { host: '127.0.0.1', protocol: 'tls', port: 1 } }),
    ]) {
      const refusal = await refusalOf(call())
      expect(refusal).toMatchObject({ status: 409, code: 'deploymentUnderWay' })
      expect(refusal.detail).toContain(`its deployment ${during.id} is under way: the target is being touched since`)
    }
    writeFileSync(go, '')
    const { deployment } = await reach(id, 'proved')
    expect(deployment?.log.slice(0, during.log.length)).toEqual(during.log)
    expect(new Set(deployment?.log).size).toBe(deployment?.log.length)
    expect(deployment?.log.filter((line) => line.includes('Z Ran the reload command'))).toHaveLength(1)
    const { history } = await account.client.certificates.get({ id: certificate.id })
    expect(history.find(({ subject, to }) => subject === 'deployment' && to === 'applied')?.detail).toContain(
      'Ran the reload command',
    )
    await account.client.targets.remove({ id })
    const left = readdirSync(join(site.config.certificatePath, '..', '.site.pem.evercert'))
    expect(left.filter((name) => !/^[0-9a-f]{16}/.test(name)).toSorted()).toEqual(['current', 'previous'])
  })

  test.runIf(CAN_RUN_DOVECOT)(
    'that begins in the clear is asked to change over, before and after, and the default port is that of the protocol',
    async () => {
      const certificate = await aCertificate()
      const serverName = nameOf(certificate)
      const old = authority.issue({ names: [serverName] })
      const dovecot = await startDovecot({ user: 'someone', password: 'not asked for', tls: old })
      closing.push(() => dovecot.stop())
      const { certificatePath, keyPath, reloadCommand, imapPort: port } = dovecot
      const config = { certificatePath, keyPath, reloadCommand }
      const settings = { certificateId: certificate.id, kind: 'localFiles', config }
      const probe = { host: '127.0.0.1', protocol: 'imap', serverName } as const
      const { id } = await account.client.targets.create({ ...settings, name: 'mail', probe: { ...probe, port } })
      const { deployment, probe: own } = await reach(id, 'proved')
      expect(own).toEqual({ ...probe, port })
      expect(deployment?.log[0]).toContain(`it serves certificate ${old.sha256.slice(0, 16)}`)
      const elsewhere = await account.client.targets.update({ id, probe: { host: '127.0.0.1', protocol: 'smtp' } })
      expect(elsewhere).toMatchObject({ probe: { port: 25, protocol: 'smtp' }, deployment: { state: 'planned' } })
    },
  )

  test('whose reload succeeds and keeps the old certificate is taken back, and told', async () => {
    const certificate = await aCertificate()
    const site = await aServer(nameOf(certificate))
    const { id } = await addTarget(certificate, site, { reloadCommand: ['true'] })
    await reach(id, 'applied')
    expect(site.onDisk()).toBe(certificate.sha256)
    const refusal = await refusalOf(account.client.targets.remove({ id }))
    expect([refusal.code, refusal.detail]).toEqual(['deploymentUnderWay', expect.stringContaining('looked at until')])
    // Asked elsewhere now, nobody would know what was served before, and nothing would be taken back.
    const elsewhere = { host: '127.0.0.1', protocol: 'tls', port: 1 } as const
    expect((await refusalOf(account.client.targets.update({ id, probe: elsewhere }))).code).toBe('deploymentUnderWay')
    letWindowPass()
    const { deployment } = await reach(id, 'rolledBack')
    expect(site.onDisk()).toBe(site.old.sha256)
    expect(deployment?.problem).toContain(`it serves certificate ${site.old.sha256.slice(0, 16)}`)
    expect(deployment?.advice).toMatchObject({
      code: 'rolledBack',
      remedy: { zh: expect.stringContaining('重新部署') as string },
    })
    expect(deployment?.problem).toContain('served before is served again')
    const notices = await account.client.notices.list({ certificateId: certificate.id })
    expect(notices.items.map(({ kind }) => kind)).toContain('deploymentRolledBack')
  })

  test('that does not answer any more after the reload is taken back, and what the rollback could not mend is told', async () => {
    const certificate = await aCertificate()
    const site = await aServer(nameOf(certificate))
    const quit = site.nginx.reloadCommand.map((word) => (word === 'reload' ? 'stop' : word))
    const { id } = await addTarget(certificate, site, { reloadCommand: site.script('reload', `${quit.join(' ')}; exit 0`) })
    await reach(id, 'applied')
    letWindowPass()
    const { deployment } = await reach(id, 'rolledBack')
    expect(site.onDisk()).toBe(site.old.sha256)
    expect(deployment?.problem).toContain('put back, but still 127.0.0.1')
  })

  test('that never answered keeps the new pair: nothing got worse', async () => {
    const certificate = await aCertificate()
    const site = await aServer(nameOf(certificate))
    const { client } = account
    const { id } = await client.targets.create({
      certificateId: certificate.id,
      name: `deaf-${site.nginx.httpsPort}`,
      kind: 'localFiles',
      config: { ...site.config, reloadCommand: site.nginx.reloadCommand },
      probe: { host: '127.0.0.1', port: 1, serverName: nameOf(certificate) },
    })
    await reach(id, 'applied')
    letWindowPass()
    const target = await waitFor('the report', async () => {
      const seen = await read(id)
      return seen.deployment?.problem === null ? null : seen
    })
    expect(target.deployment).toMatchObject({ state: 'applied' })
    expect(site.onDisk()).toBe(certificate.sha256)
  })
})

describe('a target without an address of its own', () => {
  const addEndpoint = (certificate: CertificateDetail, site: Site) =>
    account.client.endpoints.create({
      certificateId: certificate.id,
      host: '127.0.0.1',
      port: site.nginx.httpsPort,
      serverName: nameOf(certificate),
    })

  test('after whose reload an endpoint is down that worked before is taken back', async () => {
    const certificate = await aCertificate()
    const site = await aServer(nameOf(certificate))
    await addEndpoint(certificate, site)
    const quit = site.nginx.reloadCommand.map((word) => (word === 'reload' ? 'stop' : word))
    const reloadCommand = site.script('reload', `${quit.join(' ')}; exit 0`)
    const { id } = await addTarget(certificate, site, { own: false, reloadCommand })
    await reach(id, 'applied')
    letWindowPass()
    const { name } = await reach(id, 'rolledBack')
    expect(site.onDisk()).toBe(site.old.sha256)
    const { nextStep } = await account.client.certificates.get({ id: certificate.id })
    expect(nextStep).toMatchObject({ code: 'deployAgain', mover: 'user', text: { en: expect.stringContaining(name) as string } })
  })

  test('whose new certificate lacks the name of an endpoint that worked before is taken back', async () => {
    const certificate = await aCertificate()
    const site = await aServer('s9.example')
    const where = { host: '127.0.0.1', port: site.nginx.httpsPort, serverName: 's9.example' }
    await account.client.endpoints.create({ certificateId: certificate.id, ...where })
    const { id } = await addTarget(certificate, site, { own: false })
    await reach(id, 'applied')
    letWindowPass()
    expect((await reach(id, 'rolledBack')).deployment?.problem).toContain('wrongName')
    expect(site.onDisk()).toBe(site.old.sha256)
  })

  test('the receipt names what was seen to be served before it, whatever the records say; one without a basis is read still', async () => {
    const certificate = await aCertificate()
    const site = await aServer(nameOf(certificate))
    await account.client.endpoints.create({
      certificateId: certificate.id,
      host: nameOf(certificate),
      port: site.nginx.httpsPort,
    })
    await addTarget(certificate, site, { own: false })
    const receipt = await waitFor('the receipt', async () => {
      const { items } = await account.client.receipts.list({ id: certificate.id })
      return items[0] ?? null
    })
    expect(receipt.claims.replaces).toEqual({ sha256: site.old.sha256, basis: 'observed' })
    const older = { ...receipt.claims, replaces: { sha256: site.old.sha256 } }
    expect(receiptClaims.parse(older)).toEqual(older)
  })

  test('that comes when the certificate is served already is proved by all endpoints, looked at after it; no second receipt', async () => {
    const certificate = await aCertificate()
    const [first, late] = [await aServer(nameOf(certificate)), await aServer(nameOf(certificate))]
    await account.client.endpoints.create({
      certificateId: certificate.id,
      host: nameOf(certificate),
      port: first.nginx.httpsPort,
    })
    await addTarget(certificate, first, { own: false })
    const receipts = async () => (await account.client.receipts.list({ id: certificate.id })).items.length
    await waitFor('the receipt', async () => ((await receipts()) === 1 ? true : null))
    const { id } = await addTarget(certificate, late, { own: false })
    await reach(id, 'proved')
    expect(late.onDisk()).toBe(certificate.sha256)
    expect(await receipts()).toBe(1)
  })

  test('is not blamed for an endpoint that another server keeps stale', async () => {
    const certificate = await aCertificate()
    const [stale, site] = [await aServer(nameOf(certificate)), await aServer(nameOf(certificate))]
    await addEndpoint(certificate, stale)
    const { id } = await addTarget(certificate, site, { own: false })
    await reach(id, 'applied')
    letWindowPass()
    const target = await waitFor('the end of the watch', async () => {
      const seen = await read(id)
      return seen.deployment?.log.at(-1)?.includes('The new pair stays') === true ? seen : null
    })
    expect(target.deployment?.state).toBe('applied')
    expect(site.onDisk()).toBe(certificate.sha256)
    // Nor is its server reloaded once more by each that finds the pair there: somebody has to ask.
    await account.client.targets.remove({ id })
    const again = await addTarget(certificate, site, { own: false })
    const before = (await reach(again.id, 'applied')).deployment
    expect(before?.log.join()).toContain('The files hold this pair already.')
    letWindowPass()
    await waitFor('the end of the watch', async () =>
      (await read(again.id)).deployment?.log.at(-1)?.includes('The new pair stays') === true ? true : null,
    )
    await account.client.targets.deploy({ id: again.id })
    await waitFor('the reload', async () =>
      (await read(again.id)).deployment?.log.some((line) => line.includes('Ran the reload command')) === true ? true : null,
    )
  })
})

describe('a pair that is in the files already', () => {
  const HELD = 'The files hold this pair already'
  /** Uploaded; somebody copied it into the files of a server, which serves the old one still. */
  async function aCopy(): Promise<{ certificate: CertificateDetail; site: Site }> {
    const name = `copied-${++copies}.example`
    const leaf = authority.issue({ names: [name], notBefore: service.clock.now() - 60 * MINUTE_MS })
    const { chainPem: certificatePem, privateKeyPem } = leaf
    const { id } = await account.client.certificates.upload({ name, certificatePem, privateKeyPem })
    const [certificate, site] = [await account.client.certificates.get({ id }), await aServer(name)]
    writeFileSync(site.config.certificatePath, certificatePem)
    writeFileSync(site.config.keyPath, privateKeyPem)
    return { certificate, site }
  }
  let copies = 0
  const linesOf = async (id: string): Promise<string> => (await read(id)).deployment?.log.join('\n') ?? ''
  const untilServed = (site: Site, certificate: CertificateDetail) =>
    waitFor('it to be served', async () => ((await served(site, certificate)) === certificate.sha256 ? true : null))

  test('and is not served is tested and reloaded, and nothing is written; once it is served, nothing is done', async () => {
    const { certificate, site } = await aCopy()
    const { id } = await addTarget(certificate, site)
    await reach(id, 'proved')
    const log = await linesOf(id)
    expect(log).toMatch(
      new RegExp(`${HELD}: reloading.*Ran the test command: exit code 0.*Ran the reload command: exit code 0`, 's'),
    )
    expect(log).not.toContain('Swapped in')
    expect(
      readdirSync(join(site.config.certificatePath, '..'), { withFileTypes: true }).filter((one) => one.isSymbolicLink()),
    ).toEqual([])
    const { probe } = await read(id)
    const changed = {
      host: '127.0.0.1',
      port: probe?.port ?? 0,
      protocol: 'tls',
      serverName: `*.${nameOf(certificate)}`,
    } as const
    await account.client.targets.update({ id, probe: { ...changed, serverName: nameOf(certificate).toUpperCase() } })
    await account.client.targets.update({ id, probe: { ...changed, serverName: 'other.example' } })
    await reach(id, 'proved')
    expect(await linesOf(id)).toContain(`${HELD}.`)
  })

  test('stays when what is looked at shows another one: it was not this deployment that put it there', async () => {
    const certificate = await aCertificate()
    const [site, other] = [await aServer(nameOf(certificate)), await aServer(nameOf(certificate))]
    const { id } = await addTarget(certificate, site)
    await reach(id, 'proved')
    const serverName = nameOf(certificate)
    await account.client.targets.update({
      id,
      probe: { host: '127.0.0.1', protocol: 'tls', port: other.nginx.httpsPort, serverName },
    })
    await reach(id, 'applied')
    letWindowPass()
    const { deployment } = await reach(id, 'failed')
    expect(deployment?.problem).toContain('The target had this pair before the deployment, so nothing is taken back')
    expect(deployment?.advice?.code).toBe('verificationFailed')
    await account.client.targets.deploy({ id })
    await reach(id, 'applied')
    letWindowPass()
    await reach(id, 'failed')
    expect([site.onDisk(), await served(site, certificate)]).toEqual([certificate.sha256, certificate.sha256])
    const probe = { host: '127.0.0.1', protocol: 'tls', port: site.nginx.httpsPort, serverName } as const
    await account.client.targets.update({ id, probe })
    await reach(id, 'proved')
  })

  test('whose reload command does nothing is reloaded when that was mended: in the settings, or behind them', async () => {
    const { certificate, site } = await aCopy()
    const reloadCommand = site.script('reload', 'exit 0')
    const { id } = await addTarget(certificate, site, { own: false, reloadCommand })
    await reach(id, 'applied')
    expect(await served(site, certificate)).toBe(site.old.sha256)
    site.script('reload', `${site.nginx.reloadCommand.join(' ')}`)
    await account.client.targets.deploy({ id })
    await untilServed(site, certificate)
    await reach(id, 'applied')
    const counted = site.script('counted', `echo >> ${site.config.keyPath}.runs`)
    await account.client.targets.update({ id, config: { ...site.config, reloadCommand: counted } })
    await waitFor('the other command', async () => ((await linesOf(id)).includes('Ran the reload command') ? true : null))
    expect(readFileSync(`${site.config.keyPath}.runs`, 'utf8')).toBe('\n')
  })

  test('is reloaded when an endpoint shows another one, and one whose test or reload fails says what the files hold', async () => {
    const { certificate, site } = await aCopy()
    await account.client.endpoints.create({
      certificateId: certificate.id,
      host: '127.0.0.1',
      port: site.nginx.httpsPort,
      serverName: nameOf(certificate),
    })
    const { id } = await addTarget(certificate, site, { own: false, reloadCommand: ['false'] })
    const { deployment } = await reach(id, 'failed')
    expect(deployment?.problem).toContain('the files hold this pair already and were left as they are')
    expect(deployment?.advice?.cause.en).not.toContain('old one')
    expect(site.onDisk()).toBe(certificate.sha256)
    const { reloadCommand } = site.nginx
    await account.client.targets.update({ id, config: { ...site.config, reloadCommand } })
    await untilServed(site, certificate)
  })
})

describe('a target whose deployment never ends', () => {
  const stuck = {
    'was broken off, and nobody goes on': { begun_at: () => new Date(service.clock.now()) },
    'is looked at, and nobody looks': {
      check_at: () => new Date(service.clock.now()),
      check_until: () => new Date(service.clock.now()),
    },
    'is taken back, and nobody does': { restore_reason: () => 'it was worse' },
  }

  test.each(Object.entries(stuck))(
    'one that %s: it can be deleted an hour after the last that was heard of it',
    async (_, facts) => {
      const certificate = await aCertificate()
      const folder = mkdtempSync(join(tmpdir(), 'evercert-deployments-'))
      closing.push(() => rmSync(folder, { recursive: true }))
      const config = { certificatePath: join(folder, 'a.pem'), keyPath: join(folder, 'a.key') }
      const { id } = await account.client.targets.create({
        certificateId: certificate.id,
        name: `never ${certificate.id}`,
        kind: 'localFiles',
        config,
      })
      await reach(id, 'applied')
      const { db } = service.services
      // Nobody is to go on: its certificate is done with.
      await db
        .updateTable('certificate')
        .set({ closed_as: 'refunded', advance_at: null })
        .where('id', '=', certificate.id)
        .execute()
      const write = (ageMs: number) => {
        const columns = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, value()]))
        const updatedAt = new Date(service.clock.now() - ageMs)
        return db
          .updateTable('deployment')
          .set({ ...columns, updated_at: updatedAt })
          .where('target_id', '=', id)
          .execute()
      }
      await write(59 * MINUTE_MS)
      const refusal = await refusalOf(account.client.targets.remove({ id }))
      expect([refusal.code, refusal.detail]).toEqual(['deploymentUnderWay', expect.stringContaining('it is given up at')])
      await write(60 * MINUTE_MS)
      await account.client.targets.remove({ id })
      expect((await account.client.targets.list()).items.map((target) => target.id)).not.toContain(id)
    },
  )
})

describe('a canary', () => {
  test('goes first, the others wait for its proof, and go on with it', async () => {
    const certificate = await aCertificate()
    const [first, second] = [await aServer(nameOf(certificate)), await aServer(nameOf(certificate))]
    const reload = first.script('reload', 'exit 0')
    const canary = await addTarget(certificate, first, { canary: true, reloadCommand: reload })
    const other = await addTarget(certificate, second)
    await reach(canary.id, 'applied')
    letWindowPass()
    await reach(canary.id, 'rolledBack')
    expect((await read(other.id)).deployment).toMatchObject({ state: 'planned', log: [], problem: null })
    expect((await read(other.id)).deployment?.unprovable).toEqual({
      en: `It is left as it is until the canary ${canary.name} is proved, which failed: mend that target and deploy to it again.`,
      zh: `在金丝雀目标 ${canary.name} 得到验证之前保持不变；该目标部署失败，请排除原因后重新部署。`,
    })
    expect([second.onDisk(), await served(second, certificate)]).toEqual([second.old.sha256, second.old.sha256])
    first.script('reload', first.nginx.reloadCommand.join(' '))
    await account.client.targets.deploy({ id: canary.id })
    await reach(canary.id, 'proved')
    expect((await reach(other.id, 'proved')).deployment?.unprovable).toBeNull()
    expect(second.onDisk()).toBe(certificate.sha256)
  })

  test('whose own address is silent is not proved by endpoints that serve, and frees no other; when it answers, another look proves it', async () => {
    const certificate = await aCertificate()
    const [first, second] = [await aServer(nameOf(certificate)), await aServer(nameOf(certificate))]
    const silent = await serveTls(createSelfSigned())
    await silent.close()
    const { id } = await account.client.targets.create({
      certificateId: certificate.id,
      name: `silent-${silent.port}`,
      kind: 'localFiles',
      config: { ...first.config, reloadCommand: first.nginx.reloadCommand },
      canary: true,
      probe: { host: '127.0.0.1', port: silent.port, serverName: nameOf(certificate) },
    })
    const other = await addTarget(certificate, second)
    await reach(id, 'applied')
    await account.client.endpoints.create({
      certificateId: certificate.id,
      host: nameOf(certificate),
      port: first.nginx.httpsPort,
    })
    letWindowPass()
    await waitFor('the proof', async () => (await account.client.certificates.get({ id: certificate.id })).servedAt)
    await waitFor('the problem', async () => (await read(id)).deployment?.problem ?? null)
    expect((await read(id)).deployment?.state).toBe('applied')
    expect((await read(other.id)).deployment?.state).toBe('planned')
    const served = {
      chainPem: readFileSync(first.config.certificatePath, 'utf8'),
      privateKeyPem: readFileSync(first.config.keyPath, 'utf8'),
    }
    const again = await serveTls(served, {}, { port: silent.port })
    closing.push(() => again.close())
    await account.client.targets.deploy({ id })
    await reach(id, 'proved')
    await reach(other.id, 'proved')
  })

  test('needs an address of its own', async () => {
    const certificate = await aCertificate()
    const wish = { certificateId: certificate.id, name: 'canary', kind: 'localFiles', canary: true }
    const config = { certificatePath: '/nonexistent/a.pem', keyPath: '/nonexistent/a.key' }
    expect((await refusalOf(account.client.targets.create({ ...wish, config }))).code).toBe('invalid')
  })
})
