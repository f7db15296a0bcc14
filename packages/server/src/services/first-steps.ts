/**
 * The way to the first proved renewal, as far as the account really is. Nothing of it is stored: it follows from what is there.
 *
 * @module
 */
import { sql } from 'kysely'
import { FIRST_STEPS, type FirstStep, type FirstSteps } from '@evercert/contract'
import type { Caller, Services } from './context.ts'

/** Whoever has more does not begin; and every look at them would cost more. */
const MAX_CERTIFICATES = 100

type Row = { readonly id: string } & Readonly<Record<Exclude<FirstStep, 'certificate'>, boolean>>

/** A renewal is renewed by its own issuance, any other certificate by a second one. Uploads that follow each other were renewed elsewhere. */
export async function loadFirstSteps({ db }: Services, { accountId }: Caller): Promise<FirstSteps> {
  const { rows } = await sql<Row>`
    select c.id, c.issuance_id is not null as issued,
      exists (select from target t where t.certificate_id = c.id) or exists (select from endpoint e where e.certificate_id = c.id) as site,
      c.issuance_id is not null and (w.renews or w.several) as renewed,
      c.served_at is not null and (w.renews or w.several) as proved
    from certificate c cross join lateral (
      select exists (select from issuance i where i.certificate_id = c.id and i.id <> c.issuance_id) as several,
        c.renews_certificate_id is not null and c.origin = 'purchased' as renews
    ) w
    where c.account_id = ${accountId} and c.closed_as is null and c.revoked_at is null
    order by c.created_at desc, c.id desc limit ${MAX_CERTIFICATES + 1}`.execute(db)
  const lengthOf = (row: Row): number => FIRST_STEPS.filter((step) => step !== 'certificate' && row[step]).length
  const furthest = rows.toSorted((one, other) => lengthOf(other) - lengthOf(one))[0]
  return {
    isNeeded: rows.length <= MAX_CERTIFICATES,
    certificateId: furthest?.id ?? null,
    steps: FIRST_STEPS.map((step) => ({
      step,
      isDone: step === 'certificate' ? rows.length > 0 : rows.some((row) => row[step]),
    })),
  }
}
