/**
 * What the demo says at the end.
 *
 * @module
 */
import { join } from 'node:path'
import { formatInstant } from '../packages/cli/src/format.ts'
import { pick, type Say } from '../packages/cli/src/language.ts'
import { clean, formatFacts, type Paint } from '../packages/cli/src/output.ts'
import type { StepReport } from '../packages/cli/src/progress.ts'
import type { PlayResult } from './play.ts'
import type { Stage } from './stage.ts'

export interface Style {
  readonly say: Say
  readonly paint: Paint
}

/** Old and new, what the renewal added, and what every address serves. */
export function formatResult({ old, fresh, verification, dates }: PlayResult, { say, paint }: Style): string[] {
  const { ok, addresses } = verification
  const heading = ok
    ? say('Served: every address has the new certificate', '已生效：每个地址都在使用新证书')
    : say('Not served', '未生效')
  const language = say('en', 'zh') === 'zh' ? 'zh' : 'en'
  return [
    paint(ok ? 'green' : 'red', heading),
    ...formatFacts(
      [
        [say('Old SHA-256', '旧证书 SHA-256'), old.sha256 ?? '–'],
        [say('  valid', '  有效期'), `${formatInstant(old.notBefore)} – ${formatInstant(old.notAfter)}`],
        [say('New SHA-256', '新证书 SHA-256'), fresh.sha256 ?? '–'],
        [say('  valid', '  有效期'), `${formatInstant(fresh.notBefore)} – ${formatInstant(fresh.notAfter)}`],
        [
          say('Topped up', '补齐天数'),
          say(`${fresh.entitlement?.toppedUpDays ?? 0} days`, `${fresh.entitlement?.toppedUpDays ?? 0} 天`),
        ],
        [say('Paid until', '服务期至'), formatInstant(fresh.entitlement?.entitledUntil ?? null)],
        ...addresses.map((address): [string, string] => [
          address.address,
          `${address.verdict}: ${pick(address.cause, language)}`,
        ]),
      ],
      paint,
    ).map((line) => `  ${line}`),
    '',
    paint('dim', `$ ${dates.source}`),
    ...dates.lines.map((line) => clean(line)),
  ]
}

/** The service goes on: where it is, and what to try. */
export function formatHints({ service }: PlayResult, stage: Stage, { say, paint }: Style): string[] {
  const dataDir = join(stage.folder, 'data')
  const command = (rest: string) => `  EVERCERT_DATA_DIR=${dataDir} npm run -s evercert -- ${rest}`
  return [
    `${say('Evercert runs at', 'Evercert 正在运行：')} ${paint('bold', service.url)}`,
    `${say('Operator token:', '管理员令牌：')} ${service.tokenFile}`,
    say('Try, in another terminal:', '可在另一个终端中尝试：'),
    command('list'),
    command('show shop.evercert.test'),
    command('orders'),
    `  curl -H "Authorization: Bearer $(cat ${service.tokenFile})" ${service.url}/api/v1/certificates`,
    say('Ctrl-C ends it and removes everything.', '按 Ctrl-C 结束并清除所有内容。'),
  ]
}

/** The last line of `--json`. */
export function toDocument({ old, fresh, verification }: PlayResult, steps: readonly StepReport[]) {
  return {
    result: verification.ok ? 'served' : 'notServed',
    old: { sha256: old.sha256, notAfter: old.notAfter },
    new: { sha256: fresh.sha256, notAfter: fresh.notAfter },
    toppedUpDays: fresh.entitlement?.toppedUpDays ?? 0,
    entitledUntil: fresh.entitlement?.entitledUntil ?? null,
    endpoints: verification.addresses.map(({ address, verdict, observation }) => ({
      address,
      sha256: observation.reachable ? observation.chain[0].sha256 : null,
      verdict,
    })),
    steps,
  }
}
