/**
 * `evercert manage`: a certificate renews by itself from now on, within a limit; or no more.
 *
 * @module
 */
import type { MoneyView } from '@evercert/contract'
import { findCertificate } from '../find-certificate.ts'
import { pick } from '../language.ts'
import { clean } from '../output.ts'
import { parseMoney } from '../parse-money.ts'
import type { Session } from '../session.ts'

export interface ManageOptions {
  readonly limit?: string
  readonly stop?: boolean
}

export async function manageCommand(session: Session, wanted: string, options: ManageOptions): Promise<number> {
  const { say, paint, language } = session
  const stop = options.stop === true
  const spendingLimit = stop ? null : parseLimit(options.limit)
  const client = await session.client()
  const { id } = await findCertificate(client, wanted)
  const certificate =
    spendingLimit === null ? await client.management.stop({ id }) : await client.management.start({ id, spendingLimit })
  session.document(certificate)
  session.print(
    `${paint('green', '✔')} ${stop ? say('Renewed by hand from now on.', '此后由人工续费。') : say('Renews by itself.', '已开启托管。')}`,
    clean(pick(certificate.nextStep.text, language)),
  )
  return 0
}

/** The most that one renewal may cost. @throws CliFailure `invalid` */
export function parseLimit(text: string | undefined): MoneyView {
  return parseMoney(text, { en: 'give --limit "100 CNY", or --stop', zh: '请填写 --limit "100 CNY"，或 --stop' })
}
