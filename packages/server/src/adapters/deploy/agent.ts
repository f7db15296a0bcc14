/**
 * A site of a host where `evercert-agent` runs: it fetches the work, installs by its own configuration, and reports. The service names the
 * agent, the site and the certificate; it knows no path and no command of the host.
 *
 * @module
 */
import { agentName, siteName, type AgentStatement } from '@evercert/contract'
import { checkChain, checkPair } from '@evercert/pair-files/pair'
import { z } from 'zod'
import { AppError } from '../../domain/errors.ts'
import { deployAdapter } from '../../ports/deploy.ts'
import type { AdapterKit, AgentDesk, AgentOrder } from '../../ports/kit.ts'

const DAY_MINUTES = 1_440

const agentConfig = z.object({
  agent: agentName.describe('Name of the agent, as it was enrolled'),
  site: siteName.describe("Name of the site in the agent's own configuration"),
  timeoutMinutes: z
    .int()
    .min(1)
    .max(30 * DAY_MINUTES)
    .default(DAY_MINUTES)
    .describe('How long a deployment waits for the agent before it fails'),
})
type AgentConfig = z.infer<typeof agentConfig>

export const agent = deployAdapter<AgentConfig>({
  kind: 'deploy',
  id: 'agent',
  title: 'A host with evercert-agent',
  apiDocs: '',
  config: agentConfig,
  hasOwnKeys: true,
  writes: ({ agent: name, site }, accountId) => [`agent ${name} of ${accountId} ${site}`],
  getsKeys: () => true, // those of certificates whose keys are here
  check: async (config, kit) => void (await deskOf(kit).findSite(config.agent, config.site)),
  create: (config, kit) => ({
    server: `agent ${config.agent}`,
    inspect: () => deskOf(kit).findSite(config.agent, config.site),
    apply: async (pair) => {
      if (pair.privateKeyPem === null) checkChain(pair)
      else checkPair(pair)
      const statement = await deskOf(kit).ask(orderOf(config, 'install', pair.sha256))
      return statement.install ?? refuse(config, statement)
    },
    restore: async (refused) => {
      const statement = await deskOf(kit).ask(orderOf(config, 'restore', refused))
      return statement.restore ?? refuse(config, statement)
    },
  }),
})

function deskOf({ agentDesk }: AdapterKit): AgentDesk {
  if (agentDesk !== undefined) return agentDesk
  throw new AppError('internal', 'Handing work to an agent: there is no deployment that it belongs to.')
}

function orderOf({ agent: name, site, timeoutMinutes }: AgentConfig, kind: AgentOrder['kind'], sha256: string): AgentOrder {
  return { agent: name, site, kind, sha256, timeoutMs: timeoutMinutes * 60_000 }
}

const CODES = { refused: 'deployRefused', rolledBack: 'rolledBack', failed: 'targetUnreachable' } as const

/** @throws AppError as the agent judged it */
function refuse({ agent: name, site }: AgentConfig, { outcome, problem, log, code }: AgentStatement): never {
  if (outcome === 'installed' || outcome === 'restored' || outcome === 'csrMade') {
    throw new AppError(
      'deployRefused',
      `Deploying to ${site} of agent ${name}: it did something else than it was asked for (${outcome}).`,
    )
  }
  throw new AppError(code ?? CODES[outcome], `Agent ${name}, site ${site}: ${problem ?? outcome}`, { facts: { log: [...log] } })
}
