import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SFTP_SERVER, startSshServer, type SshServer } from '../../../../test/harness/sshd.ts'
import { localFilesConfig, localFilesTarget } from '../../src/adapters/deploy/local-files.ts'
import { readLogLine } from '@evercert/contract'
import type { Step } from '@evercert/pair-files/pair-context'
import { deployContract } from './deploy-contract.ts'
import { kitWithoutNetwork } from './deploy-kit.ts'
import { aSite, contractHarness, issue, look, snapshot, targetOf, type Site } from './deploy-sites.ts'

const TOOLS = { getfacl: '/usr/bin/getfacl', setfacl: '/usr/bin/setfacl' }

const sshOf = (server: SshServer, wish: Readonly<Record<string, unknown>> = {}) => ({
  ssh: {
    host: '127.0.0.1',
    port: server.port,
    user: server.user,
    hostKeys: [server.hostKey],
    privateKey: server.privateKey,
    ...wish,
  },
})

deployContract('nginx over SSH', async () => {
  const server = await startSshServer()
  const harness = await contractHarness('nginx', sshOf(server))
  return {
    ...harness,
    close: async () => {
      await harness.close()
      await server.stop()
    },
  }
})

describe('a target over SSH', () => {
  let server: SshServer
  let site: Site
  beforeAll(async () => {
    server = await startSshServer()
    site = await aSite('nginx')
  })
  afterAll(async () => {
    await site.close()
    await server.stop()
  })
  const commands = () => ({ testCommand: site.server.testCommand, reloadCommand: site.server.reloadCommand })

  test('refuses a server with another key before anything is sent, and names the key that it shows', async () => {
    const pinned = `SHA256:${'A'.repeat(43)}`
    const failure = targetOf('nginx', { ...site.settings, ...sshOf(server, { hostKeys: [pinned] }) }).apply(issue())
    await expect(failure).rejects.toMatchObject({ code: 'misconfigured', facts: { shownKey: server.hostKey } })
    expect(server.logs()).not.toContain('Accepted publickey')
  })

  test('that may not sign in says so', async () => {
    const { strangersKey: privateKey } = server
    const target = targetOf('nginx', { ...site.settings, ...sshOf(server, { privateKey }) })
    await expect(target.inspect()).rejects.toMatchObject({ code: 'credentialsRejected' })
  })

  test('whose private key cannot be read says so', async () => {
    const target = targetOf('nginx', { ...site.settings, ...sshOf(server, { privateKey: 'no key' }) })
    await expect(target.inspect()).rejects.toMatchObject({ code: 'misconfigured' })
  })

  test('at an address that the operator does not allow is not dialled', async () => {
    const config = localFilesConfig.parse({ ...site.settings, ...sshOf(server) })
    const target = localFilesTarget(config, { ...kitWithoutNetwork, guardAddress: () => 'loopback' })
    await expect(target.inspect()).rejects.toMatchObject({ code: 'addressForbidden' })
  })

  test('that is away is tried again', async () => {
    const target = targetOf('nginx', { ...site.settings, ...sshOf(server, { port: 1 }) })
    await expect(target.inspect()).rejects.toMatchObject({ code: 'targetUnreachable' })
  })

  const limits = { readyMs: 5_000, answerMs: 700, endMs: 100 }

  test.each(['sftp-server', 'sshd'] as const)(
    'whose %s stops answering in the middle of a transfer is told so within the limit, and the next try ends with the new one served',
    async (program) => {
      const next = issue()
      const config = localFilesConfig.parse({ ...site.settings, ...commands(), ...sshOf(server) })
      const known: { frozenAt: number; end: () => void } = { frozenAt: 0, end: () => {} }
      const target = localFilesTarget(config, { ...kitWithoutNetwork, sshLimits: limits }, (reached) => {
        if (reached !== 'versionWritten') return
        known.frozenAt = performance.now()
        known.end = server.freeze(program)
      })
      const failure: unknown = await target.apply(next).catch((error: unknown) => error)
      expect(failure).toMatchObject({
        code: 'targetUnreachable',
        message: expect.stringMatching(/no answer to .+ within 0.7 s, the connection was cut: look at/) as string,
      })
      expect(performance.now() - known.frozenAt).toBeLessThan(10_000)
      expect(await look(site.server.port)).not.toBe(next.sha256)
      known.end()
      await expect(targetOf('nginx', { ...site.settings, ...commands(), ...sshOf(server) }).apply(next)).resolves.toMatchObject({
        reloaded: true,
      })
      await expect.poll(() => look(site.server.port)).toBe(next.sha256)
    },
  )

  test('whose connection is cut for one that got no answer tells who shares it; what was under way there is owed, and done by the next try', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evercert-ssh-shared-'))
    const [begun, go] = [join(folder, 'begun'), join(folder, 'go')]
    const reloadCommand = ['/bin/sh', '-c', `echo run >> ${begun}; until [ -e ${go} ]; do sleep 0.05; done`]
    const kit = { ...kitWithoutNetwork, sshLimits: limits }
    const inFolder = (name: string) => ({ certificatePath: join(folder, `${name}.pem`), keyPath: join(folder, `${name}.key`) })
    const slow = localFilesConfig.parse({ ...inFolder('slow'), testCommand: ['true'], reloadCommand, ...sshOf(server) })
    const other = localFilesConfig.parse({ ...inFolder('other'), ...sshOf(server) })
    const pair = issue()
    const signIns = () => server.logs().match(/Accepted publickey/g)?.length ?? 0
    const before = signIns()
    const reloading = localFilesTarget(slow, kit).apply(pair)
    const told = reloading.catch((error: unknown) => error)
    await expect.poll(() => existsSync(begun), { timeout: 30_000 }).toBe(true)
    let end = (): void => {}
    const asking = localFilesTarget(other, kit, (reached) => {
      if (reached === 'versionWritten') end = server.freeze('sftp-server')
    }).apply(pair)
    await expect(asking).rejects.toMatchObject({ code: 'targetUnreachable' })
    expect(await told).toMatchObject({ code: 'targetUnreachable' })
    expect(signIns()).toBe(before + 1)
    end()
    writeFileSync(go, '')
    const [again, anew] = await Promise.all([slow, other].map((config) => localFilesTarget(config, kit).apply(pair)))
    expect([again, anew]).toMatchObject([{ changed: false, reloaded: true }, { changed: true }])
    expect(readFileSync(begun, 'utf8')).toBe('run\nrun\n')
    rmSync(folder, { recursive: true, force: true })
  })

  test('that takes the connection and says nothing is told so within the limit', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const config = localFilesConfig.parse({ ...site.settings, ...sshOf(server, { port }) })
    const target = localFilesTarget(config, { ...kitWithoutNetwork, sshLimits: { ...limits, readyMs: 200 } })
    await expect(target.inspect()).rejects.toMatchObject({ code: 'targetUnreachable' })
    silent.close()
  })

  test.each(['versionWritten', 'marked', 'swapped', 'tested', 'reloaded'] as const)(
    'whose connection is cut after "%s" has a matching pair, and applying again ends with the new one served',
    async (step: Step) => {
      const next = issue()
      const config = localFilesConfig.parse({ ...site.settings, ...commands(), ...sshOf(server) })
      const cutting = localFilesTarget(config, kitWithoutNetwork, (reached) => {
        if (reached === step) server.cut()
      })
      const cut = await cutting.apply(next).catch((error: unknown) => error)
      // After the reload only tidying up was left, and that is the next deployment's.
      if (step !== 'reloaded') expect(cut).toMatchObject({ code: 'targetUnreachable' })
      if (step === 'swapped') expect(await look(site.server.port)).not.toBe(next.sha256)
      const again = await targetOf('nginx', { ...site.settings, ...commands(), ...sshOf(server) }).apply(next)
      const isSwapped = step !== 'versionWritten' && step !== 'marked'
      expect(again).toMatchObject({ changed: !isSwapped, reloaded: true })
      await expect.poll(() => look(site.server.port)).toBe(next.sha256)
      expect(snapshot(site.folder)).not.toContain('pending-reload')
    },
  )
})

describe.skipIf(!existsSync(TOOLS.setfacl))('the ACL of a file over SSH', () => {
  test('is that of the new one; all targets of one moment share one connection', async () => {
    const server = await startSshServer()
    const folder = mkdtempSync(join(tmpdir(), 'evercert-ssh-acl-'))
    try {
      const keys = join(folder, 'keys')
      mkdirSync(keys)
      const owner = process.getuid?.() ?? 0
      const group = owner === 0 ? 12_346 : (process.getgid?.() ?? 0)
      chownSync(keys, owner, group)
      chmodSync(keys, 0o710)
      const sites = [0, 1, 2].map((index) => {
        const paths = { certificatePath: join(folder, `${index} a.pem`), keyPath: join(keys, `${index} a.key`) }
        const old = issue()
        writeFileSync(paths.certificatePath, old.chainPem)
        writeFileSync(paths.keyPath, old.privateKeyPem, { mode: 0o600 })
        expect(spawnSync(TOOLS.setfacl, ['-m', 'u:12345:r', paths.keyPath]).status).toBe(0)
        return paths
      })
      const applied = await Promise.all(
        sites.map((paths) =>
          targetOf('nginx', { ...paths, ...sshOf(server), testCommand: ['true'], reloadCommand: ['true'] }).apply(issue()),
        ),
      )
      for (const { log } of applied) expect(log.join('\n')).not.toContain('ACL')
      for (const { certificatePath, keyPath } of sites) {
        const aclOf = (path: string) => spawnSync(TOOLS.getfacl, ['-cnp', path], { encoding: 'utf8' }).stdout
        expect(aclOf(keyPath)).toContain('user:12345:r--')
        expect(aclOf(certificatePath)).not.toContain('12345')
        expect(statSync(keyPath).mode & 0o007).toBe(0)
        const { mode, uid, gid } = statSync(dirname(realpathSync(keyPath)))
        expect([mode & 0o777, uid, gid]).toEqual([0o710, owner, group])
      }
      const [{ certificatePath, keyPath }] = sites as [(typeof sites)[0]]
      const again = targetOf('nginx', {
        certificatePath,
        keyPath,
        ...sshOf(server),
        testCommand: ['true'],
        reloadCommand: ['true'],
      })
      expect((await again.apply(issue())).log.join('\n')).not.toContain('failed')
      expect(readdirSync(join(folder, '.0 a.pem.evercert')).filter((name) => /^[0-9a-f]{64}/.test(name))).toHaveLength(2)
      expect(server.logs().match(/Accepted publickey/g)).toHaveLength(2)
    } finally {
      await server.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('a forced command', () => {
  test('that allows SFTP and the two commands of the target alone is enough', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'evercert-forced-'))
    const site = await aSite('nginx')
    const { testCommand, reloadCommand } = site.server
    const [log, wrapper] = [join(folder, 'log'), join(folder, 'only-these')]
    const cases = [[SFTP_SERVER], testCommand, reloadCommand].map((words) => `  '${words.join(' ')}') exec ${words.join(' ')} ;;`)
    const script = `#!/bin/sh
echo "$SSH_ORIGINAL_COMMAND" >> ${log}
case "$SSH_ORIGINAL_COMMAND" in
${cases.join('\n')}
  *) echo "not allowed" >&2; exit 126 ;;
esac
`
    writeFileSync(wrapper, script, { mode: 0o755 })
    const server = await startSshServer({ forcedCommand: wrapper })
    try {
      const settings = { ...site.settings, ...sshOf(server), testCommand, reloadCommand }
      const next = issue()
      const evidence = await targetOf('nginx', settings).apply(next)
      expect(evidence).toMatchObject({ changed: true, reloaded: true })
      const warnings = evidence.log.filter((line) => line.includes('has an ACL cannot be told'))
      expect(warnings).toHaveLength(2)
      expect(readLogLine(warnings[0] ?? '').text.zh).toContain('无法得知')
      await expect.poll(() => look(site.server.port)).toBe(next.sha256)
      const lines = readFileSync(log, 'utf8').trim().split('\n')
      // Whether there is an ACL is asked once in a connection, and refused here.
      const asked = new Set(lines.filter((line) => !line.startsWith('getfacl ')))
      expect(asked).toEqual(new Set([SFTP_SERVER, testCommand.join(' '), reloadCommand.join(' ')]))
      const other = targetOf('nginx', { ...settings, reloadCommand: ['touch', join(folder, 'never')] }).apply(issue())
      await expect(other).rejects.toMatchObject({ code: 'rolledBack' })
      await expect(other).rejects.toThrow('not allowed')
      expect(await look(site.server.port)).toBe(next.sha256)
    } finally {
      await server.stop()
      await site.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
