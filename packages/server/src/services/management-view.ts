/**
 * What a managed certificate does next by itself, and why it could not the last time, as people see it.
 *
 * @module
 */
import { isProblemCode, PROBLEM_TEXTS, type CertificateView } from '@evercert/contract'
import type { CertificateRecord, ManagementFacts } from '../db/certificates.ts'
import type { CertificateStatus } from '../domain/certificate/derive-status.ts'
import { planManaged } from '../domain/managed/decide-managed.ts'
import { formatMoney } from '../domain/payment/money.ts'
import type { Services } from './context.ts'
import { formatInstant, ownWords } from './texts.ts'

/** Why it will not be renewed by itself, as things are now. */
export type Foreseen = NonNullable<NonNullable<CertificateView['management']>['foreseen']>
type ManagementView = NonNullable<CertificateView['management']>
type NextStep = CertificateView['nextStep']

/** Null: it is renewed by hand. */
export function toManagementView(
  services: Pick<Services, 'now' | 'policy'>,
  record: CertificateRecord,
  foreseen: Foreseen | null,
): ManagementView | null {
  const { management } = record
  if (management === null) return null
  const next = nextManaged(services, record, management)
  const at = next === null ? null : new Date(Math.max(next.at, management.retryAt ?? 0)).toISOString()
  return {
    spendingLimit: { amountMinor: management.limitMinor, currency: management.currency },
    nextAction: next?.action ?? null,
    at,
    suggestion: toSuggestion(management),
    problem: toProblem(management),
    foreseen,
  }
}

/** What it does by itself, and from when; null: nothing, or nothing before a person acts. */
export function nextManaged(
  { now, policy }: Pick<Services, 'now' | 'policy'>,
  record: CertificateRecord,
  { jitter, suggestion }: ManagementFacts,
): { readonly action: 'renew' | 'reissue' | 'apply'; readonly at: number } | null {
  const { facts } = record
  if (facts.application?.state === 'reviewFailed' && record.application?.failedCode === 'reviewRefused') return null
  if (facts.issuance !== null) return planManaged(facts, { jitter, suggestedAt: suggestion?.at ?? null }, now(), policy)
  const isWaiting = facts.closedAs === null && (facts.application === null || facts.application.state === 'withdrawn')
  return isWaiting ? { action: 'apply', at: record.createdAt } : null
}

function toSuggestion({ suggestion }: ManagementFacts): ManagementView['suggestion'] {
  if (suggestion === null) return null
  const { from, until, page } = suggestion
  return { from: new Date(from).toISOString(), until: new Date(until).toISOString(), page }
}

function toProblem({ failedCode, failedDetail }: ManagementFacts): ManagementView['problem'] {
  if (failedCode === null || !isProblemCode(failedCode)) return null
  return { code: failedCode, detail: failedDetail ?? '', ...PROBLEM_TEXTS[failedCode] }
}

const ACTIONS = {
  renew: { en: 'renews', zh: '自动续费' },
  reissue: { en: 'is reissued at no charge', zh: '自动免费重新签发' },
  apply: { en: 'applies with the form of last time', zh: '自动提交上次的申请信息' },
} as const

/** While nothing else is to be done with it. Null: the step that every certificate has. */
export function describeManagedStep(
  management: ManagementView | null,
  record: CertificateRecord,
  status: CertificateStatus,
): NextStep | null {
  if (management === null || management.nextAction === null || management.at === null) return null
  const isInstalling = status === 'issued' && record.servedAt === null
  if (isInstalling && management.problem === null) return null
  const at = management.at
  const when = formatInstant(Date.parse(at))
  if (management.problem !== null) {
    return {
      code: 'managedBlocked',
      mover: 'user',
      text: {
        en: `It could not act by itself: ${management.problem.detail} It tries again on ${when}.`,
        zh: `托管操作未能完成${ownWords(management.problem.detail, '：')}。将于 ${when} 重试。`,
      },
      at,
    }
  }
  const { foreseen } = management
  if (foreseen !== null && management.nextAction === 'renew') {
    return {
      code: 'managedBlocked',
      mover: 'user',
      text: {
        en: `As things are now it could not renew by itself on ${when}. ${foreseen.text.en}`,
        zh: `按目前情况，将无法于 ${when} 自动续费。${foreseen.text.zh}`,
      },
      at,
    }
  }
  const { en, zh } = ACTIONS[management.nextAction]
  const end = foreseen === null ? { en: '', zh: '' } : { en: ` ${foreseen.text.en}`, zh: foreseen.text.zh }
  const limit = formatMoney(management.spendingLimit)
  const wish = describeSuggestion(management.suggestion)
  return {
    code: 'managed',
    mover: 'evercert',
    text: {
      en: `It ${en} by itself from ${when}, for at most ${limit}.${wish.en}${end.en}`,
      zh: `将于 ${when} 起${zh}，费用不超过 ${limit}。${wish.zh}${end.zh}`,
    },
    at,
  }
}

function describeSuggestion(suggestion: ManagementView['suggestion']): { readonly en: string; readonly zh: string } {
  if (suggestion === null) return { en: '', zh: '' }
  const [from, until] = [suggestion.from, suggestion.until].map((instant) => formatInstant(Date.parse(instant)))
  return { en: ` Between ${from} and ${until} its CA asks for it.`, zh: `CA 建议在 ${from} 至 ${until} 之间更换。` }
}
