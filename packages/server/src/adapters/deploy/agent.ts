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
import { deployAdapter, type DeployEvidence } from '../../ports/deploy.ts'
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
    apply: async (pair, wish) => {
      if (pair.privateKeyPem === null) checkChain(pair)
      else checkPair(pair)
      const again = wish?.isAskedAnew === true
      const statement = await deskOf(kit).ask(orderOf(config, 'install', pair.sha256, again))
      const evidence = statement.install ?? refuse(config, statement)
      return again ? tellUndone(config, kit, evidence) : evidence
    },
    restore: async (refused) => {
      const statement = await deskOf(kit).ask(orderOf(config, 'restore', refused, false))
      return statement.restore ?? refuse(config, statement)
    },
  }),
})

function deskOf({ agentDesk }: AdapterKit): AgentDesk {
  if (agentDesk !== undefined) return agentDesk
  throw new AppError('internal', 'Handing work to an agent: there is no deployment that it belongs to.')
}

function orderOf(
  { agent: name, site, timeoutMinutes }: AgentConfig,
  kind: AgentOrder['kind'],
  sha256: string,
  again: boolean,
): AgentOrder {
  return { agent: name, site, kind, sha256, again, timeoutMs: timeoutMinutes * 60_000 }
}

/** Asked for anew, and nothing was done there: whoever asked is told why. */
function tellUndone({ agent: name, site }: AgentConfig, { now }: AdapterKit, evidence: DeployEvidence): DeployEvidence {
  if (evidence.changed || evidence.reloaded) return evidence
  const said = `Agent ${name} found this pair in place and did not reload: site ${site} has no reload command, or the agent is of an earlier version, which does not know of deploying again: install the present one on the host.`
  return { ...evidence, log: [...evidence.log, `${new Date(now()).toISOString()} ${said}`] }
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
