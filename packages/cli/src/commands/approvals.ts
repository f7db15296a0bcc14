/**
 * `evercert approvals` and `evercert rules`: what waits for a second person, and what needs one.
 *
 * @module
 */
import type { AccountRules, ApprovalView } from '@evercert/contract'
import { wrongUsage } from '../failure.ts'
import { formatInstant, formatMoney } from '../format.ts'
import { formatFacts } from '../output.ts'
import { parseMoney } from '../parse-money.ts'
import { listCommand } from '../list-command.ts'
import type { Session } from '../session.ts'
import { wordFor } from '../words.ts'

export interface ApprovalListOptions {
  readonly all?: boolean
}

const PAGE_SIZE = 200

export const listApprovalsCommand = listCommand({
  load: (client, { all = false }: ApprovalListOptions) => client.approvals.list({ show: all ? 'all' : 'open', limit: PAGE_SIZE }),
  none: ['Nothing waits for a second person.', '没有等待第二人批准的请求。'],
  columns: [
    ['ASKED', '提出时间', ({ requestedAt }) => formatInstant(requestedAt)],
    ['WHAT', '事项', ({ kind }, { language }) => wordFor('approvalKind', kind, language)],
    ['FOR', '对象', ({ subject }) => subject],
    ['BY', '申请人', ({ requestedBy }) => requestedBy],
    ['STATE', '状态', ({ state }, { language }) => wordFor('approval', state, language)],
    ['ID', '编号', ({ id }) => id],
  ],
  shrink: 2,
})

export async function showApprovalCommand(session: Session, id: string): Promise<number> {
  return show(session, await (await session.client()).approvals.get({ id }))
}

export async function approveCommand(session: Session, id: string): Promise<number> {
  return show(session, await (await session.client()).approvals.approve({ id }))
}

export async function refuseCommand(session: Session, id: string, { reason }: { readonly reason: string }): Promise<number> {
  return show(session, await (await session.client()).approvals.refuse({ id, reason }))
}

export async function explainCommand(session: Session, id: string, why: string): Promise<number> {
  return show(session, await (await session.client()).approvals.explain({ id, why }))
}

export async function withdrawCommand(session: Session, id: string): Promise<number> {
  return show(session, await (await session.client()).approvals.withdraw({ id }))
}

function show(session: Session, approval: ApprovalView): number {
  const { say, paint, language } = session
  session.document(approval)
  const { decidedAt, decidedBy, decisionReason, problem, approvers } = approval
  const optional: readonly (readonly [string, string | null])[] = [
    [say('Id', '编号'), approval.id],
    [say('What', '事项'), `${wordFor('approvalKind', approval.kind, language)} (${approval.operation})`],
    [say('For', '对象'), approval.subject],
    [say('State', '状态'), wordFor('approval', approval.state, language)],
    ...Object.entries(approval.facts).map(([name, value]) => [name, value === null ? '–' : String(value)] as const),
    [say('Why', '理由'), approval.why],
    [say('Asked', '提出'), `${formatInstant(approval.requestedAt)}, ${approval.requestedBy}`],
    [say('Until', '有效期至'), approval.endedAt === null ? formatInstant(approval.expiresAt) : null],
    [say('May decide', '可审批'), approvers.length === 0 ? null : approvers.join(', ')],
    [say('Decided', '审批'), decidedAt === null ? null : `${formatInstant(decidedAt)}, ${decidedBy ?? '–'}`],
    [say('Reason', '原因'), decisionReason],
    [say('Problem', '问题'), problem?.detail ?? null],
  ]
  const facts = optional.filter((fact): fact is readonly [string, string] => fact[1] !== null)
  session.print(...formatFacts(facts, paint))
  if (approval.state === 'approved' && approval.isMine)
    session.print(say('Approved: do the same again, once.', '已批准：请再次执行同一操作（仅限一次）。'))
  return 0
}

export async function showRulesCommand(session: Session): Promise<number> {
  return showRules(session, await (await session.client()).rules.get())
}

export interface RulesOptions {
  readonly spendingLimit?: readonly string[]
  readonly revocation?: string
  readonly keyDownload?: string
  readonly tokenKeys?: string
}

/** What is not named stays. */
export async function setRulesCommand(session: Session, options: RulesOptions): Promise<number> {
  const client = await session.client()
  const before = await client.rules.get()
  const after: AccountRules = {
    spendingLimits: options.spendingLimit === undefined ? before.spendingLimits : readLimits(options.spendingLimit),
    revocation: readSwitch('--revocation', options.revocation) ?? before.revocation,
    keyDownload: readSwitch('--key-download', options.keyDownload) ?? before.keyDownload,
    tokensMayDownloadKeys: readSwitch('--token-keys', options.tokenKeys) ?? before.tokensMayDownloadKeys,
  }
  return showRules(session, await client.rules.set(after))
}

function readLimits(texts: readonly string[]): AccountRules['spendingLimits'] {
  if (texts.length === 1 && texts[0] === 'none') return null
  return texts.map((text) =>
    parseMoney(text, {
      en: 'give one such as --spending-limit "500 CNY", or none',
      zh: '请填写如 --spending-limit "500 CNY"，或 none',
    }),
  )
}

function readSwitch(option: string, text: string | undefined): boolean | null {
  if (text === undefined) return null
  if (text === 'on' || text === 'off') return text === 'on'
  throw wrongUsage('invalid', {
    en: `Reading ${option}: ${text}: give on or off.`,
    zh: `读取 ${option}：“${text}” 无效，请使用 on 或 off。`,
  })
}

function showRules(session: Session, rules: AccountRules): number {
  const { say, paint } = session
  session.document(rules)
  const yes = (value: boolean): string => (value ? say('needs a second person', '需第二人批准') : say('one person', '一人即可'))
  const limits = rules.spendingLimits?.map((limit) => formatMoney(limit)).join(', ')
  session.print(
    ...formatFacts(
      [
        [
          say('Spending', '付款'),
          limits === undefined ? yes(false) : say(`over ${limits}: a second person`, `超过 ${limits} 需第二人批准`),
        ],
        [say('Revocation', '吊销'), yes(rules.revocation)],
        [say('Key download', '私钥下载'), yes(rules.keyDownload)],
        [
          say('By API tokens', 'API 令牌下载私钥'),
          rules.tokensMayDownloadKeys ? say('allowed with keys:download', '具备 keys:download 即可') : say('refused', '禁止'),
        ],
      ],
      paint,
    ),
  )
  return 0
}
