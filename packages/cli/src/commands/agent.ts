/**
 * `evercert agent`: hosts that install certificates themselves.
 *
 * @module
 */
import { FINDING_PROBLEMS, type AgentFinding, type AgentSite, type AgentView } from '@evercert/contract'
import { failure } from '../failure.ts'
import { formatDay, formatInstant } from '../format.ts'
import { formatFacts, formatTable } from '../output.ts'
import type { Session } from '../session.ts'

export interface EnrollOptions {
  readonly validMinutes?: string
}

/** Prints the command alone on its line: its token is not shown again. */
export async function enrollAgentCommand(session: Session, name: string, { validMinutes }: EnrollOptions): Promise<number> {
  const { say, paint } = session
  const minutes = validMinutes === undefined ? undefined : Number(validMinutes)
  const made = await (
    await session.client()
  ).agents.createEnrolment({
    name,
    ...(minutes !== undefined && { validMinutes: minutes }),
  })
  session.document(made)
  session.print(
    paint(
      'dim',
      say(
        `# In a root shell of the host (Node 20 or later, curl), once, until ${formatInstant(made.expiresAt)}:`,
        `# 在该主机的 root 终端中执行一次（需要 Node 20 以上与 curl），有效期至 ${formatInstant(made.expiresAt)}：`,
      ),
    ),
    made.command,
  )
  return 0
}

export async function listEnrolmentsCommand(session: Session): Promise<number> {
  const { say, paint, columns } = session
  const page = await (await session.client()).agents.listEnrolments()
  session.document(page)
  const header = [
    say('NAME', '名称'),
    say('MADE BY', '生成者'),
    say('MADE', '生成时间'),
    say('GOOD UNTIL', '有效期至'),
    say('ID', '编号'),
  ]
  const rows = page.items.map(({ id, name, createdBy, createdAt, expiresAt }) => [
    { text: name },
    { text: createdBy ?? '–' },
    { text: formatInstant(createdAt) },
    { text: formatInstant(expiresAt) },
    { text: id },
  ])
  if (rows.length === 0) session.print(say('No enrolment waits.', '没有等待使用的注册命令。'))
  else session.print(...formatTable(header, rows, { paint, columns, shrink: 1 }))
  return 0
}

/** By id, or by name where one waits under it. */
export async function withdrawEnrolmentCommand(session: Session, wanted: string): Promise<number> {
  const { say } = session
  const client = await session.client()
  const { items } = await client.agents.listEnrolments()
  const found = items.filter(({ id, name }) => id === wanted || name === wanted)
  const [one, another] = found
  if (one === undefined || another !== undefined) {
    throw failure(one === undefined ? 'notFound' : 'invalid', {
      en: `Withdrawing enrolment ${wanted}: ${found.length} wait under this name: give an id of "evercert agent enrolments".`,
      zh: `撤回注册 ${wanted}：该名称下有 ${found.length} 条，请使用 “evercert agent enrolments” 中的编号。`,
    })
  }
  session.document(await client.agents.withdrawEnrolment({ id: one.id }))
  session.print(say(`The line for ${one.name} lets nobody in any more.`, `${one.name} 的注册命令已撤回，不能再用于注册主机。`))
  return 0
}

export async function listAgentsCommand(session: Session): Promise<number> {
  const { say, paint, columns } = session
  const page = await (await session.client()).agents.list()
  session.document(page)
  const header = [
    say('NAME', '名称'),
    say('STATE', '状态'),
    say('HOST', '主机'),
    say('SITES', '代理站点'),
    say('OPEN WORK', '待办任务'),
    say('LAST SEEN', '最近在线'),
    say('ID', '编号'),
  ]
  const rows = page.items.map((agent) => [
    { text: agent.name },
    { text: stateOf(session, agent) },
    { text: agent.hostName },
    { text: String(agent.siteCount) },
    { text: String(agent.openWork) },
    { text: formatInstant(agent.lastSeenAt) },
    { text: agent.id },
  ])
  if (rows.length === 0)
    session.print(say('No agent yet: evercert agent enroll <name>', '尚无代理：evercert agent enroll <名称>'))
  else session.print(...formatTable(header, rows, { paint, columns, shrink: 2 }))
  return 0
}

function stateOf({ say }: Session, { state }: AgentView): string {
  return state === 'active' ? say('active', '有效') : say('revoked', '已吊销')
}

export async function showAgentCommand(session: Session, wanted: string): Promise<number> {
  const { say, paint, columns } = session
  const agent = await (await session.client()).agents.get({ id: await findAgentId(session, wanted) })
  session.document(agent)
  const facts: (readonly [string, string])[] = [
    [say('name', '名称'), agent.name],
    [say('id', '编号'), agent.id],
    [say('state', '状态'), stateOf(session, agent)],
    [say('host', '主机'), `${agent.hostName} (evercert-agent ${agent.version})`],
    [say('enrolled', '注册时间'), formatInstant(agent.enrolledAt)],
    [say('last seen', '最近在线'), formatInstant(agent.lastSeenAt)],
    [say('told of its host', '最近上报'), formatInstant(agent.observedAt)],
    [say('open work', '待办任务'), String(agent.openWork)],
  ]
  session.print(...formatFacts(facts, paint))
  const header = [say('SITE', '代理站点'), say('CERTIFICATE', '证书'), say('UNTIL', '有效期至'), say('FILE', '文件')]
  if (agent.sites.length > 0) {
    const rows = agent.sites.map((site) => [{ text: site.name }, ...factCells(session, site)])
    session.print('', ...formatTable(header, rows, { paint, columns, shrink: 3 }))
  }
  const open = agent.findings.filter(({ site }) => site === null)
  if (open.length > 0) {
    const rows = open.map((finding) => [{ text: namesOf(finding) }, ...factCells(session, finding)])
    const title = say('NOT ADOPTED', '未接管')
    session.print('', ...formatTable([title, ...header.slice(1)], rows, { paint, columns, shrink: 3 }))
    session.print(say('On the host: evercert-agent adopt', '在该主机上执行：evercert-agent adopt'))
  }
  return 0
}

function namesOf({ server, serverNames, domains }: AgentFinding): string {
  const names = serverNames.length > 0 ? serverNames : domains
  return `${names[0] ?? '–'}${names.length > 1 ? ` +${names.length - 1}` : ''} (${server})`
}

function factCells(
  { say }: Session,
  { sha256, notAfter, certificatePath, problem }: Omit<AgentSite, 'name' | 'server' | 'domains'>,
) {
  return [
    problem === null
      ? { text: sha256?.slice(0, 16) ?? '–' }
      : { text: say(FINDING_PROBLEMS[problem].en, FINDING_PROBLEMS[problem].zh), colour: 'yellow' as const },
    { text: formatDay(notAfter) },
    { text: certificatePath },
  ]
}

export async function revokeAgentCommand(session: Session, wanted: string): Promise<number> {
  const { say } = session
  const agent = await (await session.client()).agents.revoke({ id: await findAgentId(session, wanted) })
  session.document(agent)
  session.print(
    say(
      `Agent ${agent.name} is answered no more. Its host goes on serving what it has; there: systemctl disable --now evercert-agent`,
      `代理 ${agent.name} 已吊销。该主机继续提供现有证书；可在主机上执行：systemctl disable --now evercert-agent`,
    ),
  )
  return 0
}

/** By id, or by name: the active one of it. */
async function findAgentId(session: Session, wanted: string): Promise<string> {
  const { items } = await (await session.client()).agents.list()
  const found =
    items.find(({ id }) => id === wanted) ??
    items.find(({ name, state }) => name === wanted && state === 'active') ??
    items.findLast(({ name }) => name === wanted)
  if (found !== undefined) return found.id
  throw failure('notFound', {
    en: `Looking up agent ${wanted}: there is none: see "evercert agent list".`,
    zh: `查找代理 ${wanted}：不存在，请查看 “evercert agent list”。`,
  })
}
