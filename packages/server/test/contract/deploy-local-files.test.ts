import { spawnSync } from 'node:child_process'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { probeAddress, verifyHost } from '@evercert/pki/probe'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createChain, type TestLeaf } from '../../../../test/harness/certificates.ts'
import { startNginx, type Nginx } from '../../../../test/harness/nginx.ts'
import { deployAdapters } from '../../src/adapters/deploy/index.ts'
import { localFiles, localFilesConfig, localFilesTarget } from '../../src/adapters/deploy/local-files.ts'
import type { CertificatePair } from '../../src/ports/deploy.ts'
import { deployContract } from './deploy-contract.ts'
import { kitWithoutNetwork } from './deploy-kit.ts'

const CRASH_CHILD = fileURLToPath(new URL('./deploy-crash-child.ts', import.meta.url))
const isRoot = process.getuid?.() === 0
const NOBODY = { uid: 65_534, gid: 65_534 }
// The checkout itself may be in a folder that others cannot enter.
const canBeNobody = isRoot && spawnSync(process.execPath, ['--check', CRASH_CHILD], NOBODY).status === 0

const authority = createChain()
const roots = [authority.rootPem]
const issue = (): TestLeaf => authority.issue({ names: ['site.test'] })

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'evercert-deploy-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const at = (...names: string[]) => join(folder, ...names)

interface Site {
  readonly certificatePath: string
  readonly keyPath: string
}

function site(names: { certificate?: string; key?: string } = {}): Site {
  return { certificatePath: at(names.certificate ?? 'site.pem'), keyPath: at(names.key ?? 'site.key') }
}

function writePair({ certificatePath, keyPath }: Site, pair: CertificatePair & { readonly privateKeyPem: string }): void {
  writeFileSync(certificatePath, pair.chainPem, { mode: 0o644 })
  writeFileSync(keyPath, pair.privateKeyPem, { mode: 0o600 })
}

function target(
  config: Site & { testCommand?: string[]; reloadCommand?: string[]; commandTimeoutSeconds?: number; keyMode?: string },
) {
  return localFiles.create(localFilesConfig.parse(config), kitWithoutNetwork)
}

/** A shell script of the test's own; the adapter itself uses no shell. */
function script(name: string, body: string): string[] {
  writeFileSync(at(name), `#!/bin/sh\n${body}\n`, { mode: 0o755 })
  return [at(name)]
}

function expectPair({ certificatePath, keyPath }: Site, pair: CertificatePair): void {
  const leaf = new X509Certificate(readFileSync(certificatePath))
  expect(leaf.fingerprint256.replaceAll(':', '').toLowerCase()).toBe(pair.sha256)
  expect(leaf.checkPrivateKey(createPrivateKey(readFileSync(keyPath)))).toBe(true)
}

/** Every entry below a folder with its rights, and the content of files. */
function snapshot(root: string): string {
  const entries = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort()
  return entries
    .map((name) => {
      const path = join(root, name)
      const { mode, uid, gid, ino } = lstatSync(path)
      const link = lstatSync(path).isSymbolicLink()
      const content = link ? `-> ${readlinkSync(path)}` : lstatSync(path).isFile() ? readFileSync(path, 'utf8') : ''
      return [name, mode.toString(8), uid, gid, link ? '' : ino, content].join(' ')
    })
    .join('\n')
}

async function servedBy(nginx: Nginx): Promise<string[]> {
  const observations = nginx.addresses.map((address) =>
    probeAddress({
      address,
      port: nginx.httpsPort,
      serverName: 'site.test',
      timeoutMs: 5_000,
      trustedRootsPem: roots,
      now: Date.now(),
    }),
  )
  return (await Promise.all(observations)).map((seen) => (seen.reachable ? seen.chain[0].sha256 : seen.failure))
}

deployContract('localFiles', async () => {
  const nested = mkdtempSync(join(tmpdir(), 'evercert-deploy-site-'))
  const tools = mkdtempSync(join(tmpdir(), 'evercert-deploy-tools-'))
  const paths = { certificatePath: join(nested, 'site.pem'), keyPath: join(nested, 'site.key') }
  writePair(paths, issue())
  const nginx = await startNginx(paths)
  const reloads = join(tools, 'reloads')
  writeFileSync(reloads, '')
  const reload = join(tools, 'reload')
  const writeReload = (body: string) => writeFileSync(reload, `#!/bin/sh\necho reload >> ${reloads}\n${body}\n`, { mode: 0o755 })
  writeReload(nginx.reloadCommand.join(' '))
  return {
    target: target({ ...paths, testCommand: [...nginx.testCommand], reloadCommand: [reload] }),
    issue,
    served: () => servedBy(nginx),
    breakConfiguration: () => nginx.appendConfig('no_such_directive on;'),
    breakReload: () => writeReload('echo "reload is out of order" >&2; exit 3'),
    mend: () => {
      nginx.mendConfig()
      writeReload(nginx.reloadCommand.join(' '))
    },
    countReloads: () => readFileSync(reloads, 'utf8').split('\n').length - 1,
    snapshot: () => snapshot(nested),
    close: async () => {
      await nginx.stop()
      for (const path of [nested, tools]) rmSync(path, { recursive: true, force: true })
    },
  }
})

test('the adapter is registered, and its settings can be shown as a form', () => {
  expect(deployAdapters.map(({ id }) => id)).toContain(localFiles.id)
  const form = z.toJSONSchema(localFiles.config)
  expect(form.required).toEqual(['certificatePath', 'keyPath', 'commandTimeoutSeconds', 'sudo'])
  expect(form.properties).toHaveProperty('reloadCommand.description')
})

describe('the settings of localFiles', () => {
  test.each([
    { certificatePath: 'relative.pem', keyPath: '/etc/site.key' },
    { certificatePath: '/etc/site.pem', keyPath: '/etc/site.pem' },
    { certificatePath: '/etc/', keyPath: '/etc/site.key' },
    { certificatePath: '/etc/a\0b', keyPath: '/etc/site.key' },
    { certificatePath: '/etc/site.pem', keyPath: '/etc/site.key', reloadCommand: [] },
    { certificatePath: '/etc/site.pem', keyPath: '/etc/site.key', keyMode: '644' },
  ])('refuse %j', (config) => {
    expect(localFilesConfig.safeParse(config).success).toBe(false)
  })
})

describe('the files of a localFiles target', () => {
  test('are one version folder beside the certificate and one link that is swapped', async () => {
    const paths = site()
    const [old, next] = [issue(), issue()]
    writePair(paths, old)
    expect(await target(paths).apply(next)).toMatchObject({ changed: true, reloaded: false, previousSha256: old.sha256 })
    expect(readlinkSync(paths.certificatePath)).toBe('.site.pem.evercert/current/certificate.pem')
    expect(readlinkSync(paths.keyPath)).toBe('.site.pem.evercert/current/key.pem')
    expect(readlinkSync(at('.site.pem.evercert', 'current'))).toBe(next.sha256)
    expect(readlinkSync(at('.site.pem.evercert', 'previous'))).toBe(old.sha256)
    expect(readdirSync(at('.site.pem.evercert')).sort()).toEqual([old.sha256, next.sha256, 'current', 'previous'].sort())
    expectPair(paths, next)
  })

  test('hold at most the last two versions', async () => {
    const paths = site()
    for (let round = 0; round < 5; round++) await target(paths).apply(issue())
    expect(readdirSync(at('.site.pem.evercert')).filter((name) => /^[0-9a-f]{64}/.test(name))).toHaveLength(2)
  })

  test('appear together when there was nothing before', async () => {
    const paths = site()
    const pair = issue()
    expect(await target(paths).apply(pair)).toMatchObject({ changed: true, previousSha256: null })
    expectPair(paths, pair)
    expect(statSync(paths.keyPath).mode & 0o777).toBe(0o600)
    expect(statSync(paths.certificatePath).mode & 0o777).toBe(0o644)
  })

  test('vanish again, with their folder, when there was nothing before and the test fails', async () => {
    const paths = site()
    const testCommand = script('test', 'echo "cannot use it"; exit 1')
    const before = snapshot(folder)
    await expect(target({ ...paths, testCommand }).apply(issue())).rejects.toMatchObject({ code: 'rolledBack' })
    expect(snapshot(folder)).toBe(before)
  })

  test('may be in different folders', async () => {
    for (const name of ['certs', 'private']) mkdirSync(at(name))
    const paths = site({ certificate: 'certs/site.pem', key: 'private/site.key' })
    writePair(paths, issue())
    const next = issue()
    await target(paths).apply(next)
    expect(readlinkSync(paths.keyPath)).toBe('../certs/.site.pem.evercert/current/key.pem')
    expectPair(paths, next)
  })

  test('may be reached through a folder that is a symbolic link', async () => {
    for (const name of ['real', 'real/deep', 'elsewhere']) mkdirSync(at(name))
    symlinkSync(at('real/deep'), at('linked'))
    const paths = site({ certificate: 'elsewhere/site.pem', key: 'linked/site.key' })
    const next = issue()
    expect(await target(paths).apply(next)).toMatchObject({ changed: true })
    expectPair(paths, next)
  })

  test('replace a symbolic link of another tool, and leave what it pointed to alone', async () => {
    const paths = site()
    mkdirSync(at('archive'))
    const [old, next] = [issue(), issue()]
    writePair(site({ certificate: 'archive/1.pem', key: 'archive/1.key' }), old)
    symlinkSync('archive/1.pem', paths.certificatePath)
    symlinkSync('archive/1.key', paths.keyPath)
    expect(await target(paths).apply(next)).toMatchObject({ changed: true, previousSha256: old.sha256 })
    expectPair(paths, next)
    expectPair(site({ certificate: 'archive/1.pem', key: 'archive/1.key' }), old)
  })

  test('that were replaced by hand since are taken up again', async () => {
    const paths = site()
    await target(paths).apply(issue())
    for (const path of Object.values(paths)) rmSync(path)
    const byHand = issue()
    writePair(paths, byHand)
    const next = issue()
    expect(await target(paths).apply(next)).toMatchObject({ changed: true, previousSha256: byHand.sha256 })
    expectPair(paths, next)
  })

  test('that hold the pair by another hand are reloaded once, and anew when they were written or the command is another', async () => {
    const [pair, paths] = [issue(), site()]
    const write = (): void => {
      writeFileSync(paths.certificatePath, pair.chainPem)
      writeFileSync(paths.keyPath, pair.privateKeyPem)
    }
    write()
    const reload = (name: string) => ['touch', at(name)]
    const apply = async (mustReload: boolean | 'once', reloadCommand = reload('one')) => {
      const evidence = await localFilesTarget(localFilesConfig.parse({ ...paths, reloadCommand }), kitWithoutNetwork).apply(
        pair,
        { mustReload },
      )
      expect([evidence.changed, evidence.previousSha256]).toEqual([false, pair.sha256])
      return evidence.reloaded
    }
    expect([await apply('once'), await apply('once'), await apply(false)]).toEqual([true, false, false])
    expect(lstatSync(paths.certificatePath).isSymbolicLink()).toBe(false)
    expect([await apply(true), await apply('once')]).toEqual([true, false])
    expect([await apply('once', reload('two')), await apply('once', reload('two'))]).toEqual([true, false])
    // Another pair may have been there, and may have been read.
    write()
    utimesSync(paths.keyPath, 1, 1)
    expect([await apply('once'), await apply('once')]).toEqual([true, false])
    // Who dies after the reload reloads once more, and no more.
    rmSync(at('.site.pem.evercert', 'reloaded'))
    expect([await apply('once'), await apply('once')]).toEqual([true, false])
    // A reload that fails is none.
    await expect(apply('once', ['false'])).rejects.toMatchObject({ code: 'deployRefused' })
    await expect(apply('once', ['false'])).rejects.toMatchObject({ code: 'deployRefused' })
    // What was swapped in was reloaded then; the note goes.
    const next = issue()
    const swapped = localFilesTarget(localFilesConfig.parse({ ...paths, reloadCommand: reload('one') }), kitWithoutNetwork)
    expect(await swapped.apply(next, { mustReload: 'once' })).toMatchObject({ changed: true, reloaded: true })
    expect(existsSync(at('.site.pem.evercert', 'reloaded'))).toBe(false)
    expect(await swapped.apply(next, { mustReload: 'once' })).toMatchObject({ changed: false, reloaded: false })
    expect(await swapped.apply(next, { mustReload: true })).toMatchObject({ changed: false, reloaded: true })
  })

  test('are the same pair however the PEM is written', async () => {
    const paths = site()
    const pair = issue()
    writePair(paths, { ...pair, chainPem: `written by hand\r\n${pair.chainPem.replaceAll('\n', '\r\n')}` })
    const before = snapshot(folder)
    expect(await target(paths).apply(pair)).toMatchObject({ changed: false, reloaded: false })
    expect(snapshot(folder)).toBe(before)
  })

  test('are written again when only the chain differs', async () => {
    const paths = site()
    const pair = issue()
    writePair(paths, { ...pair, chainPem: pair.pem })
    expect(await target(paths).apply(pair)).toMatchObject({ changed: true, previousSha256: pair.sha256 })
    expect(readFileSync(paths.certificatePath, 'utf8')).toBe(pair.chainPem)
  })

  test('are repaired when certificate and key do not match, although the test fails beforehand', async () => {
    const paths = site()
    writePair(paths, { ...issue(), privateKeyPem: issue().privateKeyPem })
    const testCommand = script(
      'test',
      `openssl x509 -in ${paths.certificatePath} -noout -pubkey > ${at('a')}
openssl pkey -in ${paths.keyPath} -pubout > ${at('b')}
cmp ${at('a')} ${at('b')}`,
    )
    const next = issue()
    expect(await target({ ...paths, testCommand }).apply(next)).toMatchObject({ changed: true })
    expectPair(paths, next)
  })

  test('without a certificate in them are nothing to inspect', async () => {
    const paths = site()
    expect(await target(paths).inspect()).toEqual({ sha256: null })
    writeFileSync(paths.certificatePath, 'no certificate')
    expect(await target(paths).inspect()).toEqual({ sha256: null })
  })
})

describe('owner, group and mode', () => {
  test('of the files that are there are kept', async () => {
    const paths = site()
    writePair(paths, issue())
    chmodSync(paths.certificatePath, 0o604)
    chmodSync(paths.keyPath, 0o640)
    if (isRoot) for (const path of Object.values(paths)) chownSync(path, 65_534, 65_533)
    await target(paths).apply(issue())
    const [certificate, key] = [statSync(paths.certificatePath), statSync(paths.keyPath)]
    expect([certificate.mode & 0o777, key.mode & 0o777]).toEqual([0o604, 0o640])
    if (isRoot) expect([key.uid, key.gid, certificate.uid, certificate.gid]).toEqual([65_534, 65_533, 65_534, 65_533])
  })

  test('can be set for the key', async () => {
    const paths = site()
    writePair(paths, issue())
    await target({ ...paths, keyMode: '0640' }).apply(issue())
    expect(statSync(paths.keyPath).mode & 0o777).toBe(0o640)
  })

  test('keep out whom the folder of the key kept out, once the key has moved beside the certificate', async () => {
    for (const name of ['certs', 'private']) mkdirSync(at(name))
    const paths = site({ certificate: 'certs/site.pem', key: 'private/site.key' })
    writePair(paths, issue())
    chmodSync(paths.keyPath, 0o644)
    chmodSync(at('private'), 0o700)
    await target(paths).apply(issue())
    const versions = readdirSync(at('certs/.site.pem.evercert')).filter((name) => /^[0-9a-f]{64}$/.test(name))
    expect(versions).toHaveLength(2)
    for (const version of versions) {
      expect(statSync(at('certs/.site.pem.evercert', version, 'key.pem')).mode & 0o077).toBe(0)
    }
  })

  /** Whoever of these may read a key by its path, and whoever may by any path of the store. */
  function readersOf(paths: Site): Record<'byPath' | 'byStore', string[]> {
    const store = join(dirname(paths.certificatePath), '.site.pem.evercert')
    const inStore = existsSync(store)
      ? readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('key.pem'))
      : []
    const who = Object.entries({ nobody: [65_534, 65_534], web: [33, 33], ssl: [12_346, 12_345], stranger: [12_347, 12_347] })
    const readersBy = (files: string[]) =>
      who.filter(([, [uid, gid]]) => {
        const words = [
          `--reuid=${uid}`,
          `--regid=${gid}`,
          '--clear-groups',
          'sh',
          '-c',
          'for f; do cat "$f" && exit; done; exit 1',
          'sh',
        ]
        return spawnSync('/usr/bin/setpriv', [...words, ...files]).status === 0
      })
    const names = (found: typeof who) => found.map(([name]) => name)
    return { byPath: names(readersBy([paths.keyPath])), byStore: names(readersBy(inStore.map((name) => join(store, name)))) }
  }

  /** As on Debian: a key in a folder that one group may enter. */
  function privateSite({ gid = 0, mode = 0o640, folderMode = 0o710 } = {}): Site {
    chmodSync(folder, 0o755)
    for (const name of ['certs', 'private']) mkdirSync(at(name))
    const paths = site({ certificate: 'certs/site.pem', key: 'private/site.key' })
    writePair(paths, issue())
    chmodSync(paths.keyPath, mode)
    chownSync(paths.keyPath, 0, gid)
    chownSync(at('private'), 0, 12_345)
    chmodSync(at('private'), folderMode)
    return paths
  }
  const acl = (entry: string, path: string) => expect(spawnSync('/usr/bin/setfacl', ['-m', entry, path]).status).toBe(0)

  test.runIf(isRoot).each<[string, () => Site, string[]]>([
    ['the group of the folder and of the key', () => privateSite({ gid: 12_345 }), ['ssl']],
    ['the folder of one group, the key of another', () => privateSite({ gid: 33 }), []],
    ['all who are in the group of the folder', () => privateSite({ mode: 0o644 }), ['ssl']],
    [
      'somebody by an ACL of the key and its folder',
      () => {
        const paths = privateSite()
        acl('u:nobody:r', paths.keyPath)
        acl('u:nobody:x', at('private'))
        return paths
      },
      ['nobody'],
    ],
    [
      'nobody by an ACL of the key alone, whose mask is no right of the group',
      () => {
        const paths = privateSite({ gid: 33, mode: 0o600 })
        acl('u:nobody:r', paths.keyPath)
        return paths
      },
      [],
    ],
    [
      'one to whom an ACL of an open folder denies it',
      () => {
        const paths = privateSite({ mode: 0o644, folderMode: 0o755 })
        acl('u:nobody:-', at('private'))
        return paths
      },
      ['web', 'ssl', 'stranger'],
    ],
    [
      'those whom a folder behind a link lets in',
      () => {
        const paths = privateSite({ mode: 0o644, folderMode: 0o755 })
        mkdirSync(at('archive'))
        chownSync(at('archive'), 0, 33)
        chmodSync(at('archive'), 0o710)
        renameSync(paths.keyPath, at('archive/site.key'))
        symlinkSync('../archive/site.key', paths.keyPath)
        return paths
      },
      ['web'],
    ],
    [
      'nobody by what the folder of the certificate passes on',
      () => {
        const paths = privateSite({ gid: 12_345 })
        acl('d:u:nobody:rx', at('certs'))
        return paths
      },
      ['ssl'],
    ],
  ])('the key is read by the same as before, by whatever path: %s', async (_, prepare, readers) => {
    const paths = prepare()
    expect(readersOf(paths).byPath).toEqual(readers)
    for (let round = 0; round < 2; round++) {
      const { log } = await target(paths).apply(issue())
      expect(log.join('\n')).not.toContain('Warning')
      expect(readersOf(paths)).toEqual({ byPath: readers, byStore: readers })
    }
  })

  test.runIf(isRoot)('whom the folder of the certificate keeps out is told', async () => {
    const paths = privateSite({ mode: 0o644 })
    chmodSync(at('certs'), 0o700)
    const { log } = await target(paths).apply(issue())
    expect(log.filter((line) => line.includes(`${at('certs')} may keep out some who could read the key`))).toHaveLength(1)
    expect(readersOf(paths)).toEqual({ byPath: [], byStore: [] })
  })
})

describe('commands', () => {
  test('a test that fails after the swap puts the pair back without a reload, and its output is told', async () => {
    const paths = site()
    const [old, next] = [issue(), issue()]
    writePair(paths, old)
    const testCommand = script(
      'test',
      `[ -L ${paths.certificatePath} ] || exit 0\necho "cannot use this certificate" >&2; exit 1`,
    )
    const reloadCommand = script('reload', `touch ${at('reloaded')}`)
    const failure = target({ ...paths, testCommand, reloadCommand }).apply(next)
    await expect(failure).rejects.toMatchObject({ code: 'rolledBack', facts: { command: 'test', ending: 'exit code 1' } })
    await expect(failure).rejects.toThrow('cannot use this certificate')
    expectPair(paths, old)
    expect(existsSync(at('reloaded'))).toBe(false)
    expect(existsSync(at('.site.pem.evercert', next.sha256))).toBe(false)
  })

  test('one that hangs is killed with what it started, and the pair is put back', async () => {
    const paths = site()
    const old = issue()
    writePair(paths, old)
    const reloadCommand = script('reload', `sleep 61 & echo $! > ${at('pid')}; wait`)
    const startedAt = Date.now()
    const failure = target({ ...paths, reloadCommand, commandTimeoutSeconds: 1 }).apply(issue())
    await expect(failure).rejects.toMatchObject({ code: 'rolledBack' })
    expect(Date.now() - startedAt).toBeLessThan(10_000)
    expectPair(paths, old)
    const pid = Number(readFileSync(at('pid'), 'utf8'))
    await expect.poll(() => isRunning(pid)).toBe(false)
  })

  test('one that cannot be started puts the pair back', async () => {
    const paths = site()
    const old = issue()
    writePair(paths, old)
    const failure = target({ ...paths, reloadCommand: [at('missing')] }).apply(issue())
    await expect(failure).rejects.toThrow('could not be started')
    expectPair(paths, old)
  })

  test('one that leaves a server running in the background is over when it ends', async () => {
    const paths = site()
    const reloadCommand = script('reload', `sleep 60 & echo $! > ${at('pid')}`)
    const startedAt = Date.now()
    expect(await target({ ...paths, reloadCommand }).apply(issue())).toMatchObject({ reloaded: true })
    expect(Date.now() - startedAt).toBeLessThan(10_000)
    process.kill(Number(readFileSync(at('pid'), 'utf8')))
  })

  test('get no shell, not the environment of the service, and at most 8 KiB of their output are told', async () => {
    const paths = site()
    process.env['EVERCERT_TEST_CANARY'] = 'canary-value'
    const reloadCommand = [...script('reload', 'env; echo "$1"; head -c 100000 /dev/zero | tr "\\0" x'), '$(touch /tmp/never); *']
    const { log } = await target({ ...paths, reloadCommand }).apply(issue())
    delete process.env['EVERCERT_TEST_CANARY']
    expect(log.join('\n').length).toBeLessThan(9_000)
    const short = await target({ ...paths, reloadCommand: [...script('again', 'env; echo "$1"'), '$(id); *'] }).apply(issue())
    expect(short.log.join('\n')).toContain('$(id); *')
    expect(short.log.join('\n')).not.toContain('canary-value')
  })

  test('that write what no database keeps, and what drives a terminal, are told without it', async () => {
    const paths = site()
    const testCommand = script('test', String.raw`printf 'a\000b\033[2Jc\td\r\nsecond \377\302\233line\n'`)
    const { log } = await target({ ...paths, testCommand }).apply(issue())
    const at = log.findIndex((line) => line.includes('Ran the test command'))
    expect(log.slice(at + 1, at + 3)).toEqual(['  ab[2Jc\td', '  second \uFFFDline'])
  })

  test('that print a private key are not told', async () => {
    const paths = site()
    const pair = issue()
    const { log } = await target({ ...paths, reloadCommand: script('reload', `cat ${paths.keyPath}`) }).apply(pair)
    expect(log.join('\n')).toContain('[secret]')
    expect(log.join('\n')).not.toContain(pair.privateKeyPem.split('\n')[1])
    // The limit falls into the key, and its first line is not there any more.
    const another = issue()
    const rest = script('again', `cat ${paths.keyPath}; echo and more; head -c 8060 /dev/zero | tr "\\0" x`)
    const cut = (await target({ ...paths, reloadCommand: rest }).apply(another)).log.join('\n')
    expect(cut).toContain('and more')
    for (const line of another.privateKeyPem.trim().split('\n')) expect(cut).not.toContain(line.slice(-12))
  })
})

/** Whether a process runs; a killed one that nobody waits for stays as a zombie. */
function isRunning(pid: number): boolean {
  const status = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ''
  return status !== '' && !/\) Z /.test(status)
}

describe('a crash', () => {
  const steps = [
    'locked',
    'versionWritten',
    'saved',
    'adopting',
    'certificateLinked',
    'adopted',
    'marked',
    'swapped',
    'tested',
    'reloaded',
    'remembered',
    'unmarked',
    'pruned',
  ] as const

  function applyInChild(paths: Site, reloadCommand: string[], pair: CertificatePair, dieAfter: string, restores = false) {
    const config = localFilesConfig.parse({ ...paths, testCommand: ['true'], reloadCommand })
    const task = JSON.stringify({ config, pair, dieAfter, restores })
    return spawnSync(process.execPath, [CRASH_CHILD, task], { encoding: 'utf8' })
  }

  /** What a server would have after its last reload. */
  function loadedBy(paths: Site): string[] {
    return script('reload', `openssl x509 -in ${paths.certificatePath} -noout -fingerprint -sha256 > ${at('loaded')}`)
  }

  const loaded = () =>
    existsSync(at('loaded'))
      ? (readFileSync(at('loaded'), 'utf8').split('=')[1] ?? '').trim().replaceAll(':', '').toLowerCase()
      : null

  test.each(steps)('after "%s" leaves a matching pair, and applying again ends with the new one, reloaded', async (step) => {
    const paths = site()
    const [old, next] = [issue(), issue()]
    writePair(paths, old)
    const reloadCommand = loadedBy(paths)
    const crashed = applyInChild(paths, reloadCommand, next, step)
    expect(crashed.signal).toBe('SIGKILL')
    const isSwapped = steps.indexOf(step) >= steps.indexOf('swapped')
    expectPair(paths, isSwapped ? next : old)
    const again = target({ ...paths, testCommand: ['true'], reloadCommand })
    expect(await again.apply(next)).toMatchObject({ changed: !isSwapped })
    expectPair(paths, next)
    expect(loaded()).toBe(next.sha256)
    expect(readdirSync(at('.site.pem.evercert')).filter((name) => /unfinished|pending/.test(name))).toEqual([])
    expect(await again.apply(next)).toMatchObject({ changed: false, reloaded: false })
  })

  test.each(['versionWritten', 'marked', 'swapped', 'tested', 'reloaded', 'remembered'] as const)(
    'after "%s" of the second of a batch leaves matching pairs, and applying again ends with all of them, reloaded once',
    async (step) => {
      const reloadCommand = script('reload', `echo reload >> ${at('reloads')}`)
      const batch = ['a', 'b', 'c'].map((name) => {
        const paths = site({ certificate: `${name}.pem`, key: `${name}.key` })
        const [old, next] = [issue(), issue()]
        writePair(paths, old)
        return { paths, old, next, config: localFilesConfig.parse({ ...paths, testCommand: ['true'], reloadCommand }) }
      })
      const [task, ...alongside] = batch.map(({ config, next }) => ({ config, pair: next }))
      const crashed = spawnSync(process.execPath, [CRASH_CHILD, JSON.stringify({ ...task, alongside, dieAfter: step })])
      expect(crashed.signal).toBe('SIGKILL')
      for (const { paths, old, next } of batch) {
        const { fingerprint256 } = new X509Certificate(readFileSync(paths.certificatePath))
        const sha256 = fingerprint256.replaceAll(':', '').toLowerCase()
        expectPair(paths, sha256 === next.sha256 ? next : old)
      }
      const reloadsBefore = existsSync(at('reloads')) ? readFileSync(at('reloads'), 'utf8') : ''
      const again = await Promise.all(batch.map(({ config, next }) => localFiles.create(config, kitWithoutNetwork).apply(next)))
      for (const { paths, next } of batch) expectPair(paths, next)
      // Who tidied up before the crash owes nothing.
      const isReloaded = again.some(({ reloaded }) => reloaded)
      expect(readFileSync(at('reloads'), 'utf8')).toBe(`${reloadsBefore}${isReloaded ? 'reload\n' : ''}`)
      if (step !== 'remembered') expect(isReloaded).toBe(true)
    },
  )

  // In a first installation there is nothing to save.
  test.each(steps.filter((step) => step !== 'saved'))(
    'after "%s" of a first installation leaves both files or none, and applying again installs',
    async (step) => {
      const paths = site()
      const pair = issue()
      const reloadCommand = loadedBy(paths)
      expect(applyInChild(paths, reloadCommand, pair, step).signal).toBe('SIGKILL')
      expect(existsSync(paths.certificatePath)).toBe(existsSync(paths.keyPath))
      expect((await target({ ...paths, testCommand: ['true'], reloadCommand }).apply(pair)).log).not.toEqual([])
      expectPair(paths, pair)
      expect(loaded()).toBe(pair.sha256)
    },
  )

  test.each(['marked', 'restored', 'reloaded', 'remembered', 'unmarked'] as const)(
    'after "%s" of taking a deployment back leaves a matching pair, and taking it back again ends with the old one, reloaded',
    async (step) => {
      const paths = site()
      const [old, next] = [issue(), issue()]
      writePair(paths, old)
      const reloadCommand = loadedBy(paths)
      await target({ ...paths, reloadCommand }).apply(next)
      expect(loaded()).toBe(next.sha256)
      expect(applyInChild(paths, reloadCommand, next, step, true).signal).toBe('SIGKILL')
      expectPair(paths, step === 'marked' ? next : old)
      const again = await target({ ...paths, reloadCommand }).restore(next.sha256, null)
      expect(again.sha256).toBe(old.sha256)
      expectPair(paths, old)
      expect(loaded()).toBe(old.sha256)
      expect(readdirSync(at('.site.pem.evercert')).filter((name) => /unfinished|pending/.test(name))).toEqual([])
      expect(await target({ ...paths, reloadCommand }).restore(next.sha256, null)).toMatchObject({ changed: false })
      expect(await target({ ...paths, reloadCommand }).apply(next)).toMatchObject({ changed: true, previousSha256: old.sha256 })
    },
  )

  test('of nothing: taking back a first installation removes the files again', async () => {
    const paths = site()
    const before = snapshot(folder)
    const pair = issue()
    await target(paths).apply(pair)
    expect(await target(paths).restore(pair.sha256, null)).toMatchObject({ changed: true, sha256: null })
    expect(snapshot(folder)).toBe(before)
  })

  test('is not made worse: files that somebody replaced since are left alone', async () => {
    const paths = site()
    writePair(paths, issue())
    const refused = issue()
    await target(paths).apply(refused)
    for (const path of Object.values(paths)) rmSync(path)
    writePair(paths, refused)
    await expect(target(paths).restore(refused.sha256, null)).rejects.toMatchObject({ code: 'deployRefused' })
    expectPair(paths, refused)
  })

  test('between swap and reload, and then a test that fails: the old pair is put back and the server reads it again', async () => {
    const paths = site()
    const [old, next] = [issue(), issue()]
    writePair(paths, old)
    const reloadCommand = loadedBy(paths)
    applyInChild(paths, reloadCommand, next, 'swapped')
    const failure = target({ ...paths, testCommand: ['false'], reloadCommand }).apply(next)
    await expect(failure).rejects.toMatchObject({ code: 'rolledBack' })
    expectPair(paths, old)
    expect(loaded()).toBe(old.sha256)
  })

  test('between swap and reload, and then another pair that cannot be written, keeps the reload owed', async () => {
    const paths = site()
    const [old, next] = [issue(), issue()]
    writePair(paths, old)
    const reloadCommand = loadedBy(paths)
    applyInChild(paths, reloadCommand, next, 'swapped')
    const dying = localFilesTarget(localFilesConfig.parse({ ...paths, reloadCommand }), kitWithoutNetwork, (step) => {
      if (step === 'versionWritten') throw Object.assign(new Error('no space'), { code: 'ENOSPC', syscall: 'write' })
    })
    await expect(dying.apply(issue())).rejects.toMatchObject({ code: 'diskFull' })
    expect(await target({ ...paths, reloadCommand }).apply(next)).toMatchObject({
      changed: false,
      reloaded: true,
      previousSha256: old.sha256,
    })
    expect(loaded()).toBe(next.sha256)
  })
})

describe('two deployments at the same time', () => {
  test('one is told to try again, and the pair is of one of them', async () => {
    const paths = site()
    writePair(paths, issue())
    const [one, other] = [issue(), issue()]
    const reloadCommand = ['sleep', '0.3']
    const results = await Promise.allSettled([one, other].map((pair) => target({ ...paths, reloadCommand }).apply(pair)))
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as { code: string }] : []))
    expect(refused).toHaveLength(1)
    expect(refused[0]).toMatchObject({ code: 'conflict' })
    expectPair(paths, results[0]?.status === 'fulfilled' ? one : other)
  })
})

// Full and read-only disks: deploy-disk.test.ts.
describe('a file system that refuses', () => {
  test('a missing folder is refused with its name, and not made', async () => {
    const failure = target(site({ certificate: 'missing/site.pem' })).apply(issue())
    await expect(failure).rejects.toMatchObject({ code: 'deployRefused' })
    await expect(failure).rejects.toThrow(at('missing'))
    expect(existsSync(at('missing'))).toBe(false)
  })

  test.runIf(canBeNobody)('a folder that the service may not write: refused, the old pair stays', () => {
    const paths = site()
    const old = issue()
    writePair(paths, old)
    chmodSync(folder, 0o755)
    chmodSync(paths.keyPath, 0o644)
    const before = snapshot(folder)
    const task = JSON.stringify({ config: localFilesConfig.parse(paths), pair: issue(), dieAfter: null })
    const child = spawnSync(process.execPath, [CRASH_CHILD, task], { encoding: 'utf8', ...NOBODY })
    expect(child.stdout).toContain('(EACCES)')
    expect(snapshot(folder)).toBe(before)
  })

  test('a path that is a folder is refused', async () => {
    const paths = site()
    mkdirSync(paths.keyPath)
    await expect(target(paths).apply(issue())).rejects.toMatchObject({ code: 'deployRefused' })
  })
})

describe('what the adapter says is not believed', () => {
  test('a reload that succeeds and does nothing: the files are new, and the handshake shows the old certificate', async () => {
    const paths = site()
    const [old, next] = [issue(), issue()]
    writePair(paths, old)
    const nginx = await startNginx(paths)
    try {
      const { previousSha256, reloaded } = await target({ ...paths, reloadCommand: ['true'] }).apply(next)
      expect(reloaded).toBe(true)
      const { addresses, ok } = await verifyHost({
        host: 'site.test',
        port: nginx.httpsPort,
        resolver: () => Promise.resolve(nginx.addresses),
        expected: { sha256: next.sha256, previousSha256 },
        concurrency: 2,
        timeoutMs: 5_000,
        trustedRootsPem: roots,
        now: Date.now(),
      })
      expect(ok).toBe(false)
      expect(addresses.map(({ verdict }) => verdict)).toEqual(nginx.addresses.map(() => 'oldCertificate'))
    } finally {
      await nginx.stop()
    }
  })
})

describe('renewal under load', () => {
  test('no handshake fails, every one shows a certificate of the row, and the pair read through the link always matches', async () => {
    const paths = site()
    const row = [issue(), issue(), issue(), issue()] as const
    writePair(paths, row[0])
    const nginx = await startNginx(paths)
    try {
      const deploy = target({ ...paths, testCommand: [...nginx.testCommand], reloadCommand: [...nginx.reloadCommand] })
      await deploy.apply(row[0]) // no change: the files are still plain
      const load = { on: true, seen: [] as string[], failures: [] as string[], reads: 0, mismatches: 0 }
      const visitors = Array.from({ length: 3 }, () => visit(nginx, load))
      const reader = readPairs(paths, load)
      for (const pair of row.slice(1)) {
        await deploy.apply(pair)
        await expect.poll(() => servedBy(nginx)).toSatisfy((seen: string[]) => seen.every((one) => one === pair.sha256))
        const enough = load.seen.length + 60
        await expect.poll(() => load.seen.length, { timeout: 20_000 }).toBeGreaterThan(enough)
      }
      await expect.poll(() => load.seen.length, { timeout: 20_000 }).toBeGreaterThan(300)
      load.on = false
      await Promise.all([...visitors, reader])
      expect(load.failures).toEqual([])
      expect(new Set(load.seen)).toEqual(new Set(row.map(({ sha256 }) => sha256)))
      expect(load.reads).toBeGreaterThan(50)
      expect(load.mismatches).toBe(0)
      expect(nginx.readLog()).not.toMatch(/\[(emerg|alert|crit|error)\]/)
    } finally {
      await nginx.stop()
    }
  })

  interface Load {
    on: boolean
    seen: string[]
    failures: string[]
    reads: number
    mismatches: number
  }

  async function visit(nginx: Nginx, load: Load): Promise<void> {
    const request = { port: nginx.httpsPort, serverName: 'site.test', timeoutMs: 5_000, trustedRootsPem: roots }
    while (load.on) {
      const seen = await probeAddress({ ...request, address: '127.0.0.1', now: Date.now() })
      if (!seen.reachable) load.failures.push(`${seen.failure}: ${seen.detail}`)
      else if (!seen.trusted) load.failures.push(seen.trustError ?? 'untrusted')
      else load.seen.push(seen.chain[0].sha256)
    }
  }

  async function readPairs({ certificatePath, keyPath }: Site, load: Load): Promise<void> {
    while (load.on) {
      const certificateFile = await realpath(certificatePath)
      const isVersion = certificateFile !== certificatePath
      const keyFile = isVersion ? join(dirname(certificateFile), 'key.pem') : keyPath
      const [certificate, key] = await Promise.all([readFile(certificateFile), readFile(keyFile)])
      load.reads += 1
      if (!new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) load.mismatches += 1
    }
  }
})
