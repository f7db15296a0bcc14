/**
 * `evercert manage`: a certificate renews by itself from now on, within a limit; or no more.
 *
 * @module
 */
import type { MoneyView } from '@evercert/contract'
import { failure } from '../failure.ts'
import { findCertificate } from '../find-certificate.ts'
import { pick } from '../language.ts'
import { clean } from '../output.ts'
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

const AMOUNT = /^(\d{1,12})(?:\.(\d{1,4}))?\s*([A-Z]{3})$/

/** `100 CNY` or `19.90 EUR`. @throws CliFailure `invalid` */
export function parseLimit(text: string | undefined): MoneyView {
  const match = AMOUNT.exec(text?.trim() ?? '')
  if (match === null) {
    throw failure(
      'invalid',
      `Reading the limit: ${text === undefined ? 'there is none' : clean(text)}: give --limit "100 CNY", or --stop.`,
    )
  }
  const [, whole = '', fraction = '', currency = ''] = match
  const digits = fractionDigits(currency)
  if (fraction.length > digits) {
    throw failure('invalid', `Reading the limit: ${currency} has ${digits} digits after the point: give fewer.`)
  }
  return { amountMinor: Number(whole + fraction.padEnd(digits, '0')), currency }
}

function fractionDigits(currency: string): number {
  return new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2
}
