/**
 * How long the browser takes from what somebody does to the frame in which its effect is painted.
 *
 * @module
 */
import type { Page } from 'playwright-core'
import type { Interaction } from './interactions.ts'

export interface Painted {
  /** From the event, as the browser dates it, to behind the frame that shows the effect. */
  readonly ms: number
  /** Of it, until the last answer of the API about certificates was there; 0 when none was asked for. */
  readonly answerMs: number
}

const LIMIT_MS = 10_000

/** Looks once in each frame. What is sent in a frame's callback arrives when the frame was painted. */
const watch = ({ name, sign }: Interaction, event: 'click' | 'keydown'): string => `
  globalThis.painted = new Promise((resolve, reject) => {
    const read = () => ${sign}
    const before = read()
    performance.clearResourceTimings()
    const giveUp = setTimeout(() => reject(new Error(${JSON.stringify(`${name}: nothing changed.`)})), ${LIMIT_MS})
    const begin = ({ timeStamp }) => {
      const look = () => {
        const now = read()
        if (now === null || now === before) return requestAnimationFrame(look)
        clearTimeout(giveUp)
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = () => {
          const ms = performance.now() - timeStamp
          const answers = performance.getEntriesByType('resource').filter(({ name }) => name.includes('/certificates?'))
          resolve({ ms, answerMs: Math.max(0, ...answers.map(({ responseEnd }) => responseEnd - timeStamp)) })
        }
        port2.postMessage(null)
      }
      requestAnimationFrame(look)
    }
    addEventListener('${event}', begin, { capture: true, once: true })
  })
  undefined`

/** By the mouse itself: where to click is found out before the time begins. @throws Error when nothing changes within ten seconds */
export async function untilPainted(page: Page, interaction: Interaction): Promise<Painted> {
  const target = interaction.target?.(page) ?? null
  await target?.scrollIntoViewIfNeeded()
  await target?.hover() // rows that come into view have their own height from then on: what is below them is where it stays
  const box = (await target?.boundingBox()) ?? null
  if (target !== null && box === null) throw new Error(`${interaction.name}: there is nothing to click.`)
  await page.evaluate(watch(interaction, box === null ? 'keydown' : 'click'))
  await (box === null ? page.keyboard.press('Enter') : page.mouse.click(box.x + box.width / 2, box.y + box.height / 2))
  return page.evaluate<Painted>('globalThis.painted')
}
