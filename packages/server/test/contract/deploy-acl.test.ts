import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readLogLine } from '@evercert/contract'
import { twoFiles } from '@evercert/pair-files/layout'
import { createLocalHost } from '@evercert/pair-files/local-host'
import { createPairTarget } from '@evercert/pair-files/pair-target'
import { afterAll, describe, expect, test } from 'vitest'
import { createSshAcl } from '../../src/adapters/kit/ssh/ssh-acl.ts'
import { issue } from './deploy-sites.ts'

const TOOLS = { getfacl: '/usr/bin/getfacl', setfacl: '/usr/bin/setfacl' }
const folder = mkdtempSync(join(tmpdir(), 'evercert-deploy-acl-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Files that user 12345 may read by an ACL. */
function filesWithAcl(name: string) {
  const paths = { certificatePath: join(folder, `${name}.pem`), keyPath: join(folder, `${name}.key`) }
  const old = issue()
  writeFileSync(paths.certificatePath, old.chainPem, { mode: 0o644 })
  writeFileSync(paths.keyPath, old.privateKeyPem, { mode: 0o600 })
  const { status, stderr } = spawnSync(TOOLS.setfacl, ['-m', 'u:12345:r', paths.keyPath], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return paths
}
const aclOf = (path: string) => spawnSync(TOOLS.getfacl, ['-cnp', path], { encoding: 'utf8' }).stdout
const targetOf = (paths: ReturnType<typeof filesWithAcl>, tools: typeof TOOLS) =>
  createPairTarget({
    layout: twoFiles(paths),
    commandTimeoutSeconds: 5,
    hostName: 'this machine',
    openHost: () => Promise.resolve(createLocalHost(tools)),
    now: Date.now,
  })

describe.skipIf(!existsSync(TOOLS.setfacl))('the ACL of a file that is replaced', () => {
  test('is that of the new one', async () => {
    const paths = filesWithAcl('kept')
    const { log } = await targetOf(paths, TOOLS).apply(issue())
    expect(aclOf(paths.keyPath)).toContain('user:12345:r--')
    expect(log.join('\n')).not.toContain('ACL')
  })

  test.each(['getfacl', 'setfacl'] as const)('is told to be lost where %s is missing, in both languages', async (missing) => {
    const paths = filesWithAcl(`without-${missing}`)
    const { log } = await targetOf(paths, { ...TOOLS, [missing]: '/nonexistent/tool' }).apply(issue())
    const warnings = log.filter((line) => line.includes('Warning: the ACL of '))
    expect(warnings).toHaveLength(1) // the certificate has none
    expect(warnings[0]).toContain(paths.keyPath)
    expect(readLogLine(warnings[0] ?? '').text.zh).toContain('acl 软件包')
  })

  test("without the tools the key is its owner's alone, since the mode tells no right of the group", async () => {
    const paths = filesWithAcl('stricter')
    const { log } = await targetOf(paths, { ...TOOLS, getfacl: '/nonexistent/tool' }).apply(issue())
    expect(log.filter((line) => line.includes('Warning'))).toHaveLength(1)
    expect(statSync(paths.keyPath).mode & 0o777).toBe(0o600)
  })

  test('is found in one file of many, and not looked for in one that is missing', async () => {
    const listed = filesWithAcl('one of many')
    const plain = Array.from({ length: 20 }, (_, index) => join(folder, `plain ${index}`))
    for (const path of plain) writeFileSync(path, '')
    const host = createLocalHost(TOOLS)
    const paths = [...plain, join(folder, 'missing'), `${folder}/two\nlines`, listed.keyPath, '--help', listed.certificatePath]
    const found = await Promise.all(paths.map(async (path) => (await host.lookAtAcl(path)).acl))
    expect(found.filter((acl) => acl !== null)).toEqual([expect.stringContaining('user:12345:r--')])
    expect(found.at(-3)).not.toBeNull()
  })

  test('is kept under a name with a line feed, and after somebody ended the shell that asks; what cannot be told is said', async () => {
    const odd = filesWithAcl('two\nlines')
    await targetOf(odd, TOOLS).apply(issue())
    expect(aclOf(odd.keyPath)).toContain('user:12345:r--')
    const fragile = join(folder, 'fragile')
    writeFileSync(
      fragile,
      `#!/bin/sh\n[ -e ${folder}/first ] || { touch ${folder}/first; kill -9 $PPID; }\nexec ${TOOLS.getfacl} "$@"\n`,
      {
        mode: 0o755,
      },
    )
    const paths = filesWithAcl('shell ended')
    await targetOf(paths, { ...TOOLS, getfacl: fragile }).apply(issue())
    expect(existsSync(join(folder, 'first'))).toBe(true)
    expect(aclOf(paths.keyPath)).toContain('user:12345:r--')
    writeFileSync(fragile, '#!/bin/sh\nexit 1\n')
    const { log } = await targetOf(paths, { ...TOOLS, getfacl: fragile }).apply(issue())
    expect(log.filter((line) => line.includes('has an ACL cannot be told'))).toHaveLength(2)
  })
})

test('over SSH a file of which getfacl tells nothing keeps no other of its connection from its ACL', async () => {
  const acl = createSshAcl((argv) => {
    const ok = argv.at(-1) !== '/unreadable'
    return Promise.resolve({ ok, ending: '', output: ok ? 'user::rw-\nuser:12345:r--\n' : 'Permission denied' })
  })
  expect(await acl.look('/unreadable')).toEqual({ acl: null, loss: 'unknown' })
  expect(await acl.look('/site.key')).toEqual({ acl: 'user::rw-\nuser:12345:r--\n', loss: null })
})
