import { toProblemDocument } from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'
import { describe, expect, it } from 'vitest'
import { lacking, sumUp } from '../../src/pages/certificates/bulk/sums.ts'
import { reportCsv } from '../../src/pages/certificates/bulk/report-csv.ts'
import { runBulk, type BulkItem, type BulkOptions, type BulkOutcome } from '../../src/pages/certificates/bulk/run-bulk.ts'
import { createSelection } from '../../src/pages/certificates/bulk/selection.ts'

const items: readonly BulkItem[] = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id, certificateId: `crt_${id}`, name: id }))
const refusal = new ApiProblem(toProblemDocument('invalid', 'too many'))

async function run(options: Partial<BulkOptions<BulkItem>> & Pick<BulkOptions<BulkItem>, 'work'>) {
  const outcomes = new Map<string, BulkOutcome>()
  const defaults = { concurrency: 1, batchSize: 1, signal: new AbortController().signal }
  await runBulk(items, { ...defaults, ...options, onOutcome: ({ id }, outcome) => outcomes.set(id, outcome) })
  return outcomes
}

describe('an action on many', () => {
  it('goes on when one fails, and keeps what was known of it', async () => {
    const outcomes = await run({
      work: async ([item], tell) => {
        if (item === undefined) return
        tell(item, { orderId: `ord_${item.id}` })
        if (item.id === 'b') throw refusal
        if (item.id === 'c') throw new TypeError('the service is away')
        tell(item, { newCertificateId: 'crt_new' })
      },
    })
    expect([...outcomes.values()].map(({ result }) => result)).toEqual(['done', 'failed', 'failed', 'done', 'done'])
    expect(outcomes.get('a')?.facts).toEqual({ orderId: 'ord_a', newCertificateId: 'crt_new' })
    expect(outcomes.get('b')).toMatchObject({ problem: { code: 'invalid' }, facts: { orderId: 'ord_b' } })
    expect(outcomes.get('c')?.problem).toBeNull()
  })

  it('does each of a batch by itself when the batch is refused', async () => {
    const calls: string[] = []
    const outcomes = await run({
      batchSize: 3,
      work: async (batch) => {
        calls.push(batch.map(({ id }) => id).join(''))
        if (batch.some(({ id }) => id === 'b')) throw refusal
      },
    })
    expect(calls).toEqual(['abc', 'a', 'b', 'c', 'de'])
    expect([...outcomes].filter(([, { result }]) => result === 'failed').map(([id]) => id)).toEqual(['b'])
  })

  it('has no more under way than it may, and begins nothing after it was stopped', async () => {
    const stopper = new AbortController()
    let [underWay, most] = [0, 0]
    const outcomes = await run({
      concurrency: 2,
      signal: stopper.signal,
      work: async ([item]) => {
        underWay += 1
        most = Math.max(most, underWay)
        await Promise.resolve()
        if (item?.id === 'b') stopper.abort()
        await Promise.resolve()
        underWay -= 1
      },
    })
    expect(most).toBe(2)
    expect([...outcomes.keys()]).toEqual(['a', 'b'])
  })
})

describe('the report', () => {
  it('has a line for each, and no cell that a spreadsheet runs', () => {
    const [a, b] = items.slice(0, 2) as [BulkItem, BulkItem]
    const done: BulkOutcome = { result: 'done', problem: null, facts: { paid: { amountMinor: 12_345, currency: 'CNY' } } }
    const csv = reportCsv(
      [
        { item: { ...a, name: '=cmd' }, outcome: done, reason: '' },
        { item: b, outcome: null, reason: '' },
      ],
      [{ certificateId: 'crt_x', name: 'x, "y"', reason: 'not yet' }],
    )
    expect(csv.split('\r\n').slice(1)).toEqual([
      'crt_x,"x, ""y""",leftOut,not yet,,,,,,',
      "crt_a,'=cmd,done,,,,,,123.45,CNY",
      'crt_b,b,notBegun,,,,,,,',
      '',
    ])
  })
})

describe('the selection', () => {
  const order = items.map(({ id }) => id)

  it('takes a range from the box that was changed last, in either direction', () => {
    const selection = createSelection()
    selection.change(['d'], true)
    selection.changeRange('b', order)
    expect([...selection.ids()].join('')).toBe('dbc')
    selection.change(['c'], false)
    selection.changeRange('e', order)
    expect([...selection.ids()]).toEqual(['b'])
  })

  it('begins a range where its first box is gone', () => {
    const selection = createSelection()
    selection.change(['gone'], true)
    selection.changeRange('b', order)
    expect([...selection.ids()]).toEqual(['gone', 'b'])
  })
})

it('sums by currency, and says what the balance lacks', () => {
  const cny = (amountMinor: number) => ({ amountMinor, currency: 'CNY' })
  const sums = sumUp([cny(100), { amountMinor: 7, currency: 'USD' }, cny(50)])
  expect(sums).toEqual([cny(150), { amountMinor: 7, currency: 'USD' }])
  expect(lacking(sums, [cny(150)])).toEqual([{ amountMinor: 7, currency: 'USD' }])
})
