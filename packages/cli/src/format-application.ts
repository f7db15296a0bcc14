/**
 * An application as people read it: its state, who applies, what the CA wants to see, and what each name server says.
 *
 * @module
 */
import type { ApplicationView, ServerAnswer } from '@evercert/contract'
import { formatInstant } from './format.ts'
import { pick } from './language.ts'
import { clean, formatFacts, formatTable } from './output.ts'
import { forwardingText } from './renewal/walk.ts'
import type { Session } from './session.ts'
import { wordFor } from './words.ts'

/** @param serviceUrl where the service was called, for links that it gives without a host */
export function formatApplication(session: Session, application: ApplicationView, serviceUrl: string): string[] {
  const { paint } = session
  return [
    ...formatFacts(factsOf(session, application), paint),
    ...application.validations.flatMap((validation) => ['', ...formatValidation(session, validation, serviceUrl)]),
  ]
}

function factsOf(session: Session, application: ApplicationView): (readonly [string, string])[] {
  const { say, language } = session
  const { applicant, review, estimate, problem } = application
  const optional: readonly (readonly [string, string | null])[] = [
    [
      say('Application', '证书申请'),
      `${application.id ?? say('not submitted', '未提交')} (${wordFor('application', application.state, language)})`,
    ],
    [say('Domains', '域名'), application.form.domains.join(', ')],
    [say('Contact', '联系人'), applicant?.contact?.name ?? null],
    [say('Company', '公司'), applicant?.company?.name ?? null],
    [
      say('Review', '审核'),
      review === null
        ? null
        : `${wordFor('review', review.state, language)}${review.reason === null ? '' : `: ${review.reason}`}`,
    ],
    [say('Submitted', '提交时间'), application.submittedAt === null ? null : formatInstant(application.submittedAt)],
    [say('Estimate', '预计完成'), estimate === null ? null : pick(estimate.text, language)],
    [say('Problem', '问题'), problem === null ? null : `${problem.detail} (${problem.code})`],
    [say('Remedy', '处理'), problem === null ? null : pick(problem.remedy, language)],
  ]
  return optional.filter((fact): fact is readonly [string, string] => fact[1] !== null && fact[1] !== '')
}

function formatValidation(session: Session, validation: ApplicationView['validations'][number], serviceUrl: string): string[] {
  const { say, paint, language } = session
  const { domain, method, location, content, state, servers, serversAskedAt, forwardTo } = validation
  const colour = state === 'valid' ? 'green' : state === 'invalid' ? 'red' : 'yellow'
  return [
    `${paint('bold', clean(domain))}  ${paint(colour, wordFor('validation', state, language))}${reusedText(session, validation)}`,
    `  ${clean(location)}${method === 'dns' ? '  TXT' : ''}  ${clean(content)}`,
    ...(forwardTo === null || state === 'valid' ? [] : [`  ${forwardingText(new URL(forwardTo, serviceUrl), say)}`]),
    ...(validation.problem === null || state === 'valid' ? [] : [`  ${clean(validation.problem)}`]),
    ...(serversAskedAt === null
      ? []
      : servers.length === 0
        ? [`  ${say('No zone upwards of the record names its servers.', '未找到该记录所在区域的权威服务器。')}`]
        : formatServers(session, servers).map((line) => `  ${line}`)),
  ]
}

/** Proved for an earlier application: nothing has to be put in place. */
function reusedText({ say }: Session, { reused, validatedAt }: ApplicationView['validations'][number]): string {
  if (!reused) return ''
  const at = formatInstant(validatedAt)
  return `  ${say(`as proved on ${at}, not again`, `沿用 ${at} 的验证结果`)}`
}

/** What each authoritative server answered when it was asked itself. */
export function formatServers({ say, paint, columns }: Session, servers: readonly ServerAnswer[]): string[] {
  const texts: Readonly<Record<ServerAnswer['answer'], string>> = {
    seen: say('has the record', '记录正确'),
    otherValue: say('other value', '记录值不符'),
    noRecord: say('no record', '无记录'),
    noAnswer: say('no answer', '无响应'),
  }
  const header = [say('NAME SERVER', '权威服务器'), say('ADDRESS', '地址'), say('ANSWER', '结果'), say('VALUES', '记录值')]
  const rows = servers.map(({ server, address, answer, values, problem }) => [
    { text: server },
    { text: address ?? '–' },
    { text: texts[answer], colour: answer === 'seen' ? ('green' as const) : ('red' as const) },
    { text: problem ?? values.join(', ') },
  ])
  return formatTable(header, rows, { paint, columns, shrink: 3 })
}
