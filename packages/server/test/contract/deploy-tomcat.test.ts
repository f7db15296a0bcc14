import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { startKeystoreServer } from '../../../../test/harness/keystore-server.ts'
import { startTomcat } from '../../../../test/harness/tomcat.ts'
import { tomcat } from '../../src/adapters/deploy/tomcat.ts'
import type { DeployTarget } from '../../src/ports/deploy.ts'
import { deployContract, type DeployHarness } from './deploy-contract.ts'
import { kitWithoutNetwork } from './deploy-kit.ts'
import { issue, look, snapshot } from './deploy-sites.ts'

const folder = mkdtempSync(join(tmpdir(), 'evercert-deploy-tomcat-'))
const keystorePath = join(folder, 'site.p12')
const PASSWORD = 'changeit42'
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function target(keystorePassword = PASSWORD): DeployTarget {
  const settings = { keystorePath, keystorePassword, reloadCommand: ['true'] }
  return tomcat.create(tomcat.config.parse(settings), kitWithoutNetwork)
}

test('a real Tomcat reads the keystore, with its chain; the previous one comes back by restore', async () => {
  const [first, second] = [issue(), issue()]
  expect(await target().inspect()).toEqual({ sha256: null })
  expect(await target().apply(first)).toMatchObject({ changed: true, previousSha256: null })
  expect(await target().apply(second)).toMatchObject({ changed: true, previousSha256: first.sha256 })
  expect(await target().apply(second)).toMatchObject({ changed: false })
  expect(statSync(keystorePath).mode & 0o777).toBe(0o600)
  const server = await startTomcat([{ path: keystorePath, type: 'PKCS12', password: PASSWORD }])
  try {
    // A virtual machine's first handshake takes seconds when others compute at the same time.
    await expect.poll(() => look(server.httpsPorts[0] ?? 0), { timeout: 30_000 }).toBe(second.sha256)
  } finally {
    await server.stop()
  }
  expect(await target().restore(second.sha256, null)).toMatchObject({ changed: true, sha256: first.sha256 })
  expect(await target().inspect()).toEqual({ sha256: first.sha256 })
}, 60_000)

test('a keystore with another password is written again, although its certificate is the same', async () => {
  const pair = issue()
  await target().apply(pair)
  const before = readFileSync(keystorePath)
  expect(await target('another42').apply(pair)).toMatchObject({ changed: true, previousSha256: pair.sha256 })
  expect(readFileSync(keystorePath).equals(before)).toBe(false)
  expect(await target('another42').apply(pair)).toMatchObject({ changed: false })
})

/** A keystore that a server reads again; Tomcat itself needs seconds for each restart, and reads one above. */
async function keystoreHarness(): Promise<DeployHarness> {
  const [site, tools] = ['site', 'tools'].map((name) => mkdtempSync(join(folder, name)))
  if (site === undefined || tools === undefined) throw new Error('there are two folders')
  const path = join(site, 'site.p12')
  const [broken, reloads, reload] = ['broken', 'reloads', 'reload'].map((name) => join(tools, name)) as [string, string, string]
  const before = tomcat.config.parse({ keystorePath: path, keystorePassword: PASSWORD, reloadCommand: ['true'] })
  await tomcat.create(before, kitWithoutNetwork).apply(issue())
  const server = await startKeystoreServer(path, PASSWORD, tools)
  writeFileSync(reloads, '')
  const writeReload = (body: string) => writeFileSync(reload, `#!/bin/sh\necho reload >> ${reloads}\n${body}\n`, { mode: 0o755 })
  writeReload(server.reloadCommand.join(' '))
  const test = ['sh', '-c', `test ! -e ${broken} && openssl pkcs12 -in ${path} -passin pass:${PASSWORD} -nodes -out /dev/null`]
  return {
    target: tomcat.create({ ...before, testCommand: test, reloadCommand: [reload] }, kitWithoutNetwork),
    issue,
    served: async () => [await look(server.port)],
    breakConfiguration: () => writeFileSync(broken, ''),
    breakReload: () => writeReload('echo "reload is out of order" >&2; exit 3'),
    mend: () => {
      if (existsSync(broken)) rmSync(broken)
      writeReload(server.reloadCommand.join(' '))
    },
    countReloads: () => readFileSync(reloads, 'utf8').split('\n').length - 1,
    snapshot: () => snapshot(site),
    close: () => server.stop(),
  }
}

deployContract('tomcat', keystoreHarness)
