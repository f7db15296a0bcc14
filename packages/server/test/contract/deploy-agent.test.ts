import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { AgentStatement, CertificatePair } from '@evercert/contract'
import { parseConfig, type AgentConfig } from '../../../agent/src/config.ts'
import { openSite } from '../../../agent/src/site.ts'
import { doWork } from '../../../agent/src/work.ts'
import { agent } from '../../src/adapters/deploy/agent.ts'
import type { AgentDesk, AgentOrder } from '../../src/ports/kit.ts'
import { deployContract, type DeployHarness } from './deploy-contract.ts'
import { temporaryFolder } from '../support/databases.ts'
import { kitWithoutNetwork } from './deploy-kit.ts'
import { aStageSite, issue } from './deploy-sites.ts'

/** The agent itself at the desk: what lies between them, and their signatures, is tested with the service. */
function deskAt(config: AgentConfig, pairOf: (sha256: string) => CertificatePair | undefined): AgentDesk {
  return {
    ask: async ({ kind, site, sha256, again }: AgentOrder): Promise<AgentStatement> => {
      const pair = kind === 'install' ? pairOf(sha256) : undefined
      const work = {
        id: `wrk_${randomUUID()}`, // each was reported
        lease: 'lease',
        kind,
        site,
        sha256,
        chainPem: pair?.chainPem ?? null,
        privateKeyPem: pair?.privateKeyPem ?? null,
        ...(again && { again }),
      }
      return doWork(config, { id: work.id, lease: work.lease, raw: work })
    },
    findSite: async (_agent, site) => {
      const known = config.sites[site]
      if (known === undefined) throw new Error(`no site ${site}`)
      return { sha256: await openSite(known).inspect() }
    },
  }
}

deployContract('agent with nginx', async (): Promise<DeployHarness> => {
  const { server, settings, reload, harness } = await aStageSite('nginx')
  const probe = { port: server.port, serverName: 'site.test' }
  const host = { server: 'nginx', ...settings, testCommand: server.testCommand, reloadCommand: [reload], probe }
  const config = parseConfig(
    JSON.stringify({ server: 'https://evercert.test', stateFolder: join(temporaryFolder(), 'state'), sites: { shop: host } }),
    'config.json',
    (en) => en,
  )
  const issued = new Map<string, CertificatePair>()
  const target = agent.create(agent.config.parse({ agent: 'web1', site: 'shop' }), {
    ...kitWithoutNetwork,
    agentDesk: deskAt(config, (sha256) => issued.get(sha256)),
  })
  return {
    ...harness,
    target,
    hasOwnKeys: true,
    reloadsItself: true,
    issue: () => {
      const pair = issue()
      issued.set(pair.sha256, pair)
      return pair
    },
  }
})
