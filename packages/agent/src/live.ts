/**
 * Tells the service what is done while it is done. Nothing waits for it, and nothing is lost when it fails: the report has all of it.
 *
 * @module
 */
import { clipLine, MAX_TOLD_LINES } from './work.ts'

const GATHER_MS = 500
const MAX_AT_ONCE = 50

export interface Teller {
  readonly say: (line: string) => void
  /** No more is told, and what is being told is broken off. */
  end(): void
}

/** @param tell gives how many lines the service has now */
export function createTeller(
  tell: (lines: { readonly from: number; readonly lines: readonly string[] }, signal: AbortSignal) => Promise<number>,
): Teller {
  const said: string[] = []
  const ending = new AbortController()
  let told = 0
  let timer: NodeJS.Timeout | null = null
  let sending: Promise<void> = Promise.resolve()
  const send = async (): Promise<void> => {
    const from = told
    const lines = said.slice(from, Math.min(from + MAX_AT_ONCE, MAX_TOLD_LINES))
    if (lines.length === 0 || ending.signal.aborted) return
    try {
      told = Math.max(told, Math.min(await tell({ from, lines }, ending.signal), said.length))
    } catch {
      return // once more with the next line
    }
    if (told > from && told < said.length) plan()
  }
  const plan = (): void => {
    timer ??= setTimeout(() => {
      timer = null
      sending = sending.then(send)
    }, GATHER_MS)
  }
  return {
    say: (line) => {
      said.push(clipLine(line))
      if (!ending.signal.aborted) plan()
    },
    end: () => {
      if (timer !== null) clearTimeout(timer)
      ending.abort()
    },
  }
}
