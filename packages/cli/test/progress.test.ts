import { describe, expect, it } from 'vitest'
import { displayWidth } from '../src/output.ts'
import { createProgress } from '../src/progress.ts'

const ORDER = { name: 'order', label: 'Order' }
const PAYMENT = { name: 'payment', label: 'Payment' }

function aProgress(isTTY: boolean) {
  let text = ''
  let now = 0
  const stream = { write: (more: string) => (text += more), isTTY, columns: 60 }
  const progress = createProgress({ stream, env: { NO_COLOR: '1' }, now: () => now })
  return { progress, text: () => text, pass: (ms: number) => (now += ms) }
}

describe('plain progress', () => {
  it('is a line for each step, with its duration', () => {
    const { progress, text, pass } = aProgress(false)
    progress.begin(ORDER)
    pass(120)
    progress.begin(PAYMENT)
    pass(2_500)
    progress.end()
    expect(text()).toBe('✔ Order  120 ms\n✔ Payment  2.5 s\n')
    expect(progress.steps).toEqual([
      { name: 'order', ms: 120 },
      { name: 'payment', ms: 2_500 },
    ])
  })

  it('says which step a note belongs to, once', () => {
    const { progress, text } = aProgress(false)
    progress.begin(ORDER)
    progress.note('first')
    progress.note('second')
    progress.end('stopped')
    expect(text()).toBe('… Order\n    first\n    second\n■ Order  0 ms\n')
  })

  it('goes on with a step that is begun again', () => {
    const { progress, pass } = aProgress(false)
    progress.begin(ORDER)
    pass(10)
    progress.begin(ORDER)
    pass(10)
    progress.end()
    expect(progress.steps).toEqual([{ name: 'order', ms: 20 }])
  })

  it('marks a step whose work fails, and lets the error go on', async () => {
    const { progress, text } = aProgress(false)
    await expect(progress.step(ORDER, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(text()).toBe('✖ Order  0 ms\n')
  })
})

describe('progress on a terminal', () => {
  it('never writes a moving line wider than the terminal', () => {
    const { progress, text } = aProgress(true)
    progress.begin({ name: 'long', label: '很'.repeat(50) })
    progress.hint('waiting '.repeat(30))
    progress.note('a note')
    for (const line of text().split(/[\r\n]/)) expect(displayWidth(line)).toBeLessThanOrEqual(64)
    progress.end()
  })
})
