/**
 * Agents: `evercert-agent` on the hosts that serve certificates. It calls, and is never called: it takes work, does it by its own configuration,
 * and reports what it signed.
 *
 * @module
 */
import { z } from 'zod'
import { FINDING_PROBLEMS, type FindingProblem } from './agent-problems.ts'
import { deployEvidence, restoreEvidence } from './deployment-evidence.ts'
import { line } from './line.ts'
import { anybody, byAgent, byId, read, remove, write } from './operation.ts'
import { agentName, siteName } from './application-views.ts'
import { id, instant, keyKind, page } from './views.ts'

const MAX_PATH = 4_096
const MAX_SITES = 500
const MAX_FINDINGS = 2_000
/** An agent that asks for work is kept waiting no longer than this. */
export const MAX_AGENT_WAIT_SECONDS = 25
/** Of what an agent signs; a log of commands may be long. */
const MAX_STATEMENT = 262_144
/** What an agent does at the same time, so that one server is reloaded once. */
const MAX_HELD_WORK = 32
/** Lines that an agent tells while it works; the rest come with its report. */
export const MAX_LIVE_LINES = 200
const AGENT_OUTCOMES = ['installed', 'restored', 'csrMade', 'refused', 'rolledBack', 'failed'] as const
const AGENT_WORK_KINDS = ['install', 'restore', 'csr'] as const
/** What a failure is of, where the service tells more of it, and tries again. */
const AGENT_PROBLEM_CODES = ['diskFull', 'diskReadOnly'] as const

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const path = z.string().min(1).max(MAX_PATH)
const findingProblem = z.enum(Object.keys(FINDING_PROBLEMS) as [FindingProblem, ...FindingProblem[]])
const domains = z.array(z.string().max(253)).max(250)

const found = {
  certificatePath: path,
  sha256: sha256.nullable().meta({ description: 'Of the leaf that is there; null when none can be read' }),
  notAfter: instant.nullable(),
  domains,
  problem: findingProblem.nullable().meta({ description: 'Why it cannot be told what is there' }),
}

export const agentSite = z.strictObject({ name: siteName, server: z.string().max(32), ...found })
export type AgentSite = z.infer<typeof agentSite>

export const agentFinding = z.strictObject({
  server: z.enum(['nginx', 'apache', 'haproxy']),
  file: path.meta({ description: 'The configuration file that names the certificate' }),
  line: z.int().min(0).max(10_000_000),
  serverNames: z.array(z.string().max(1_000)).max(250),
  keyPath: path.nullable(),
  site: siteName.nullable().meta({ description: 'The site that has this certificate; null: not adopted' }),
  ...found,
})
export type AgentFinding = z.infer<typeof agentFinding>

export const agentView = z.object({
  id,
  name: agentName,
  state: z.enum(['active', 'revoked']),
  hostName: z.string(),
  version: z.string(),
  siteCount: z.int(),
  openWork: z.int().meta({ description: 'Handed over and not reported yet' }),
  enrolledAt: instant,
  lastSeenAt: instant.nullable(),
  revokedAt: instant.nullable(),
})
export type AgentView = z.infer<typeof agentView>

const agentWorkView = z.object({
  id,
  kind: z.enum(AGENT_WORK_KINDS),
  site: siteName,
  certificateId: id,
  targetName: z.string().nullable().meta({ description: 'Null for a CSR' }),
  sha256: sha256.nullable().meta({ description: 'Of the leaf to install, or to take back; null for a CSR' }),
  state: z.enum(['queued', 'leased', 'expired', 'reported']),
  createdAt: instant.meta({ description: 'When it was handed over' }),
  takenAt: instant.nullable().meta({ description: 'When the agent last took it' }),
  expiresAt: instant.meta({ description: 'Nobody waits for it after that' }),
  report: z
    .object({
      at: instant,
      outcome: z.enum(AGENT_OUTCOMES),
      problem: z.string().nullable(),
      changed: z.boolean().nullable().meta({ description: 'False: nothing was written; null: the agent told no evidence' }),
      reloaded: z.boolean().nullable(),
      log: z.array(z.string()),
    })
    .nullable()
    .meta({ description: 'What the agent signed' }),
})
export type AgentWorkView = z.infer<typeof agentWorkView>

export const agentDetail = agentView.extend({
  publicKeySha256: sha256,
  observedAt: instant.nullable().meta({ description: 'When it last told what is on its host' }),
  sites: z.array(agentSite),
  findings: z.array(agentFinding),
  work: z.array(agentWorkView).meta({ description: 'The newest work, newest first' }),
})
export type AgentDetail = z.infer<typeof agentDetail>

const workTicket = { id, lease: z.string(), site: siteName }

const agentPairWork = z.strictObject({
  ...workTicket,
  kind: z.enum(['install', 'restore']),
  sha256: sha256.meta({ description: 'Of the leaf to install, or to take back' }),
  chainPem: z.string().nullable(),
  privateKeyPem: z.string().nullable().meta({ description: 'Null when the key was made on the host' }),
  again: z.literal(true).optional().meta({
    description:
      'Somebody asked for it anew: the server is reloaded also where the files hold the pair. Only for agents that say that they know it (header evercert-agent-knows)',
  }),
})
export type AgentPairWork = z.infer<typeof agentPairWork>

const agentCsrWork = z.strictObject({
  ...workTicket,
  kind: z.literal('csr'),
  domains: domains.min(1).meta({ description: 'Of the CSR, all of them; the common name is the first that fits' }),
  key: keyKind.meta({ description: 'Of the new key, which is made on the host and stays there' }),
})
export type AgentCsrWork = z.infer<typeof agentCsrWork>

/** What an agent is asked for. It names a site; every path and command is the host's own. */
export const agentWork = z.union([agentPairWork, agentCsrWork])
export type AgentWork = z.infer<typeof agentWork>

/** What an agent says of one piece of work; JSON, signed as it is. */
export const agentStatement = z
  .strictObject({
    workId: id,
    lease: z.string().max(128),
    at: instant,
    outcome: z.enum(AGENT_OUTCOMES),
    problem: z.string().max(16_000).nullable(),
    install: deployEvidence.nullable(),
    restore: restoreEvidence.nullable(),
    log: z.array(z.string().max(2_000)).max(400),
    csrPem: z.string().max(65_536).optional().meta({ description: 'Of csrMade' }),
    code: z.enum(AGENT_PROBLEM_CODES).optional().meta({ description: 'Of the problem, when it is one of these' }),
  })
  .refine(({ outcome, csrPem }) => (outcome === 'csrMade') === (csrPem !== undefined), 'csrMade: with its CSR')
  .refine(({ outcome, install }) => (outcome === 'installed') === (install !== null), 'install: with its evidence')
  .refine(({ outcome, restore }) => (outcome === 'restored') === (restore !== null), 'restore: with its evidence')
export type AgentStatement = z.infer<typeof agentStatement>

const enrolmentToken = z.string().min(1).max(128)

export const enrolmentView = z.object({
  id,
  name: agentName,
  createdBy: z.string().nullable().meta({ description: 'Null: made before this was kept' }),
  createdAt: instant,
  expiresAt: instant,
})
export type EnrolmentView = z.infer<typeof enrolmentView>

export const agents = {
  list: read('/agents', 'Agents', 'List agents', 'targets:read').output(page(agentView)),
  get: read('/agents/{id}', 'Agents', 'One agent, with its sites and what it found on its host', 'targets:read')
    .input(byId)
    .output(agentDetail),
  createEnrolment: write('/agents/enrolments', 'Agents', 'Let one host enrol an agent, once and soon', 'targets:write', {
    created: true,
  })
    .input(z.strictObject({ name: agentName, validMinutes: z.int().min(1).max(1_440).default(30) }))
    .output(
      z.object({
        id,
        name: agentName,
        expiresAt: instant,
        token: z.string().meta({ description: 'Shown this once; good for one agent' }),
        command: z.string().meta({ description: 'One line for a root shell of the host: fetches, compares, enrols, starts' }),
      }),
    ),
  listEnrolments: read(
    '/agents/enrolments',
    'Agents',
    'Enrolments that nobody used yet and that are still good',
    'targets:read',
  ).output(page(enrolmentView)),
  withdrawEnrolment: remove(
    '/agents/enrolments/{id}',
    'Agents',
    'Withdraw an enrolment: its token is good for nothing',
    'targets:write',
  )
    .input(byId)
    .output(enrolmentView),
  revoke: remove('/agents/{id}', 'Agents', 'End an agent: it is answered no more; its host keeps serving', 'targets:write')
    .input(byId)
    .output(agentView),
  enrol: anybody(
    'POST',
    '/agents/enrol',
    'Agents',
    'Enrol an agent with a token; repeating it with the same key gives the same',
    {
      created: true,
    },
  )
    .input(
      z.strictObject({
        token: enrolmentToken,
        publicKeyPem: z.string().min(1).max(1_024).meta({ description: 'Ed25519 (RFC 8410)' }),
        credentialSha256: sha256.meta({ description: 'Of the credential that the agent drew: the service keeps no more of it' }),
        hostName: line(253),
        version: line(32),
      }),
    )
    .output(z.object({ id, name: agentName })),
  poll: byAgent('/agents/poll', 'Ask for work; waits a bounded time for some', 'none')
    .input(
      z.strictObject({
        waitSeconds: z.int().min(0).max(MAX_AGENT_WAIT_SECONDS).default(0),
        holding: z
          .array(id)
          .max(MAX_HELD_WORK)
          .default([])
          .meta({ description: 'What it does at the moment: it is not given again' }),
      }),
    )
    .output(z.object({ work: agentWork.nullable() })),
  log: byAgent('/agents/log', 'Tell what is done with work while it is done; what is lost comes with the report', 'none')
    .input(
      z.strictObject({
        workId: id,
        lease: z.string().max(128),
        from: z.int().min(0).max(MAX_LIVE_LINES).meta({ description: 'Which line of the log the first of these is' }),
        lines: z.array(z.string().max(2_000)).min(1).max(50),
      }),
    )
    .output(z.object({ told: z.int().meta({ description: 'How many lines of the log are there now' }) })),
  report: byAgent('/agents/report', 'Report on work; the same report twice is taken once', 'history')
    .input(
      z.strictObject({
        statement: z.string().min(2).max(MAX_STATEMENT).meta({ description: 'JSON, as AgentStatement' }),
        signature: z.string().min(1).max(128).meta({ description: 'Ed25519 over the UTF-8 of the statement, base64url' }),
      }),
    )
    .output(z.object({ taken: z.boolean().meta({ description: 'False when it was reported before' }) })),
  storeCsr: byAgent('/agents/csrs', 'Store the CSR of a key that was made on the host and stays there')
    .input(z.strictObject({ site: siteName, csrPem: z.string().min(1).max(65_536) }))
    .output(z.object({ id, name: z.string() })),
  observe: byAgent('/agents/observe', 'Tell what is on the host', 'none')
    .input(
      z.strictObject({
        hostName: line(253),
        version: line(32),
        sites: z.array(agentSite).max(MAX_SITES),
        findings: z.array(agentFinding).max(MAX_FINDINGS),
      }),
    )
    .output(z.object({ observedAt: instant })),
}
