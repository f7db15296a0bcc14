/**
 * Targets and endpoints that change their certificate: from the old one to its renewal, or back. Both timelines say so.
 *
 * @module
 */
import { recordHistory, type HistoryFacts, type Trx } from '../../db/transition.ts'

export interface Move extends Omit<HistoryFacts, 'certificateId' | 'detail'> {
  readonly from: string
  readonly to: string
}

export async function moveSites(trx: Trx, { from, to, ...facts }: Move): Promise<void> {
  const targets = await trx
    .updateTable('target')
    .set({ certificate_id: to })
    .where('account_id', '=', facts.accountId)
    .where('certificate_id', '=', from)
    .returning(['id', 'name'])
    .execute()
  const endpoints = await trx
    .updateTable('endpoint')
    .set({ certificate_id: to })
    .where('account_id', '=', facts.accountId)
    .where('certificate_id', '=', from)
    .returning(['id', 'host', 'port'])
    .execute()
  const moved = [
    ...targets.map(({ id, name }) => ({ subject: 'target', subjectId: id, what: name })),
    ...endpoints.map(({ id, host, port }) => ({ subject: 'endpoint', subjectId: id, what: `${host}:${port}` })),
  ]
  const told = moved.flatMap(({ what, ...subject }) => {
    const entry = { ...facts, ...subject, fromState: null }
    return [
      { ...entry, certificateId: from, toState: 'handedOver', detail: `${what}, to ${to}` },
      { ...entry, certificateId: to, toState: 'takenOver', detail: `${what}, from ${from}` },
    ]
  })
  await recordHistory(trx, ...told)
}
