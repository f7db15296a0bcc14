import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SFTP_SERVER, startSshServer, type SshServer } from '../../../../test/harness/sshd.ts'
import { localFilesConfig, localFilesTarget } from '../../src/adapters/deploy/local-files.ts'
import type { Step } from '@evercert/pair-files/pair-context'
import { deployContract } from './deploy-contract.ts'
import { kitWithoutNetwork } from './deploy-kit.ts'
import { aSite, contractHarness, issue, look, snapshot, targetOf, type Site } from './deploy-sites.ts'

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
      expect(await targetOf('nginx', settings).apply(next)).toMatchObject({ changed: true, reloaded: true })
      await expect.poll(() => look(site.server.port)).toBe(next.sha256)
      const asked = new Set(readFileSync(log, 'utf8').trim().split('\n'))
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
