/**
 * Asking for many things, some at a time.
 *
 * @module
 */

/** Enough to keep the service busy, few enough to leave the browser connections for the rest of the page (it has six). */
export const LANES = 4

/**
 * Answers in the order of the items.
 *
 * @param onCount is told how many are there
 * @throws the first error; what is under way ends unheard
 */
export async function inLanes<Item, Answer>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Answer>,
  { signal, onCount }: { readonly signal: AbortSignal; readonly onCount: (count: number) => void },
): Promise<Answer[]> {
  const waiting = [...items.entries()]
  const answers: Answer[] = []
  let count = 0
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      signal.throwIfAborted()
      const [index, item] = next
      answers[index] = await ask(item)
      count += 1
      onCount(count)
    }
  }
  await Promise.all(Array.from({ length: LANES }, lane))
  return answers
}
