/**
 * `evercert show`: one certificate, what happens next, where it is installed, and what every address serves.
 *
 * @module
 */
import {
  countOf,
  type CertificateDetail,
  type EndpointView,
  type HistoryEntryView,
  type KnownSpecificationView,
} from '@evercert/contract'
import { detailInChinese } from '@evercert/contract/history-details'
import { findCertificate } from '../find-certificate.ts'
import { formatDay, formatInstant } from '../format.ts'
import { pick } from '../language.ts'
import { clean, formatFacts, formatTable } from '../output.ts'
import type { Session } from '../session.ts'
import { formatTargetRows } from './targets.ts'
import { historyWord, wordFor } from '../words.ts'

/** Newest first, as the service sends it. */
const HISTORY_SHOWN = 12

export async function showCommand(session: Session, wanted: string): Promise<number> {
  const certificate = await findCertificate(await session.client(), wanted)
  session.document(certificate)
  session.print(...formatCertificate(session, certificate))
  return 0
}

/** Everything a person wants to know of a certificate, in sections. */
export function formatCertificate(session: Session, certificate: CertificateDetail): string[] {
  const { paint } = session
  return [
    paint('bold', clean(certificate.name)),
    ...formatFacts(factsOf(session, certificate), paint),
    ...section(session, 'Targets', '部署目标', formatTargets(session, certificate)),
    ...section(session, 'Served', '站点', formatEndpoints(session, certificate.endpoints)),
    ...section(session, 'History', '历史', formatHistory(session, certificate.history.slice(0, HISTORY_SHOWN))),
  ]
}

function section({ paint, say }: Session, en: string, zh: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', paint('bold', say(en, zh)), ...lines.map((line) => `  ${line}`)]
}

function factsOf(session: Session, certificate: CertificateDetail): (readonly [string, string])[] {
  const { say, language } = session
  const { knownSpecification, entitlement, renewalProcess } = certificate
  const optional: readonly (readonly [string, string | null])[] = [
    [say('Id', '编号'), certificate.id],
    [say('Status', '状态'), pick(certificate.statusText, language)],
    [say('Next', '下一步'), pick(certificate.nextStep.text, language)],
    [say('Domains', '域名'), certificate.domains.join(', ')],
    [say('IP addresses', 'IP 地址'), certificate.ipAddresses.join(', ')],
    [say('Tags', '标签'), certificate.tags.join(', ')],
    [
      say('Specification', '规格'),
      knownSpecification === null ? null : formatSpecification(session, knownSpecification, say('unknown', '未知')),
    ],
    [say('Issuer', '签发者'), certificate.issuer],
    ['SHA-256', certificate.sha256],
    [say('Serial', '序列号'), certificate.serial],
    [say('Not before', '生效时间'), certificate.notBefore === null ? null : formatInstant(certificate.notBefore)],
    [say('Not after', '到期时间'), certificate.notAfter === null ? null : notAfterText(session, certificate)],
    [say('Paid until', '服务期至'), entitlement === null ? null : formatInstant(entitlement.entitledUntil)],
    [say('Topped up', '补齐天数'), entitlement === null ? null : String(entitlement.toppedUpDays)],
    [say('Renews', '续费自'), renewsText(session, certificate)],
    [say('Renewed by', '已续费为'), certificate.renewedByCertificateId],
    [
      say('Renewal', '续费'),
      renewalProcess === null ? renewalText(session, certificate) : wordFor('renewal', renewalProcess.state, language),
    ],
    [say('CA suggests', 'CA 建议续费'), suggestionText(certificate)],
    [say('Not renewed', '不会续费'), foreseenText(session, certificate)],
    [say('Revocation', '吊销状态'), revocationText(session, certificate)],
    [say('Served since', '上线时间'), certificate.servedAt === null ? null : formatInstant(certificate.servedAt)],
  ]
  return optional.filter((fact): fact is readonly [string, string] => fact[1] !== null && fact[1] !== '')
}

function renewsText({ say }: Session, { renewsCertificateId, isNew }: CertificateDetail): string | null {
  if (renewsCertificateId === null || isNew) return renewsCertificateId
  return say(`${renewsCertificateId} (deleted)`, `${renewsCertificateId}（已删除）`)
}

/** @param unknown what stands for an attribute that an uploaded certificate does not tell */
export function formatSpecification(
  { language }: Pick<Session, 'language'>,
  specification: KnownSpecificationView,
  unknown = '–',
): string {
  const { brand, grade, certificateType, domainType } = specification
  const domains = domainType === null ? null : wordFor('domainType', domainType, language)
  const gradeWord = grade === null ? null : wordFor('grade', grade, language)
  return [brand, gradeWord, certificateType, domains].map((attribute) => attribute ?? unknown).join(' · ')
}

function notAfterText({ say }: Session, { notAfter, daysLeft }: CertificateDetail): string {
  if (daysLeft === null) return formatInstant(notAfter)
  const left =
    daysLeft < 0
      ? say(` (expired ${countOf(-daysLeft, 'day')} ago)`, `（已过期 ${-daysLeft} 天）`)
      : say(` (${countOf(daysLeft, 'day')} left)`, `（剩余 ${daysLeft} 天）`)
  return formatInstant(notAfter) + left
}

/** The window in which the CA of a managed certificate would have it renewed, and its page that says why. */
function suggestionText({ management }: CertificateDetail): string | null {
  const suggestion = management?.suggestion ?? null
  if (suggestion === null) return null
  const { from, until, page } = suggestion
  return `${formatInstant(from)} – ${formatInstant(until)}${page === null ? '' : ` ${page}`}`
}

/** Why it will not be renewed by itself, as things are now. */
function foreseenText({ language }: Session, { management }: CertificateDetail): string | null {
  const foreseen = management?.foreseen ?? null
  return foreseen === null ? null : pick(foreseen.text, language)
}

/** By the CA's word, or why nobody knows. */
function revocationText({ say, language }: Session, { revocationCheck: check }: CertificateDetail): string | null {
  if (check === null) return null
  const asked =
    check.checkedAt === null ? '' : say(`, asked ${formatInstant(check.checkedAt)}`, `，查询于 ${formatInstant(check.checkedAt)}`)
  const why = check.problem === null ? '' : ` – ${pick(check.problem.cause, language)} ${pick(check.problem.remedy, language)}`
  if (check.state === 'unknown') return `${say('unknown', '未知')}${asked}${why}`
  if (check.state === 'good') return `${say('not revoked', '未吊销')} (${(check.source ?? '').toUpperCase()})${asked}${why}`
  const since = check.revokedAt === null ? '' : formatInstant(check.revokedAt)
  return say(`revoked by its CA since ${since} (${check.reason ?? ''})`, `CA 已于 ${since} 吊销（${check.reason ?? ''}）`)
}

function renewalText({ say, language }: Session, { renewal }: CertificateDetail): string {
  if (renewal.eligible) return say('possible now: evercert renew', '现在可续费：evercert renew')
  return renewal.reasons.map((reason) => pick(reason.text, language)).join(' ')
}

function formatTargets(session: Session, { targets }: CertificateDetail): string[] {
  return targets.length === 0 ? [] : formatTargetRows(session, targets)
}

/** A table of all addresses; below it, cause and remedy of those that do not serve the right certificate. */
export function formatEndpoints(session: Session, endpoints: readonly EndpointView[]): string[] {
  const { say, paint, columns, language } = session
  const seen = endpoints.flatMap((endpoint) => endpoint.observations.map((observation) => ({ endpoint, observation })))
  if (seen.length === 0)
    return endpoints.map((endpoint) => clean(`${endpoint.host}:${endpoint.port} – ${say('not probed yet', '尚未探测')}`))
  const rows = seen.map(({ endpoint, observation }) => [
    { text: `${endpoint.host}:${endpoint.port}` },
    { text: observation.address },
    {
      text: wordFor('verdict', observation.verdict, language),
      colour: observation.verdict === 'served' ? ('green' as const) : ('red' as const),
    },
    { text: observation.sha256?.slice(0, 16) ?? '–' },
    { text: formatDay(observation.notAfter) },
  ])
  const header = [say('SITE', '站点'), say('ADDRESS', '地址'), say('VERDICT', '结论'), 'SHA-256', say('NOT AFTER', '到期日')]
  const wrong = seen.filter(({ observation }) => observation.verdict !== 'served')
  const advice = wrong.flatMap(({ observation }) => [
    clean(pick(observation.cause, language)),
    `  → ${clean(pick(observation.remedy, language))}`,
  ])
  return [...formatTable(header, rows, { paint, columns, shrink: 0 }), ...advice]
}

/** Who, what, when, why, from which state: one line each. */
export function formatHistory({ language }: Pick<Session, 'language'>, entries: readonly HistoryEntryView[]): string[] {
  return entries.map(({ at, subject, from, to, actor, detail }) => {
    const [before, after] = [from, to].map((state) => (state === null ? '∅' : historyWord({ subject, state }, language)))
    const what = wordFor('historySubject', subject, language)
    const why = detail === null ? '' : `  ${language === 'zh' ? detailInChinese(detail) : detail}`
    return clean(`${formatInstant(at)}  ${what} ${before} → ${after}  (${actor})${why}`)
  })
}
