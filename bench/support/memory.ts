/**
 * How much memory this process takes, and how much of it is in use: an engine that has room lets garbage lie, so that what is resident alone
 * tells growth from waiting for nothing.
 *
 * @module
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** In MB (10⁶ octets). */
export interface Memory {
  /** Of the process, threads included, before anything was collected. */
  readonly residentMb: number
  /** Of this thread after garbage was collected: objects, and bytes outside the heap. */
  readonly liveMb: number
}

const MB = 1_000_000

export function lookAtMemory(): Memory {
  const residentMb = process.memoryUsage.rss() / MB
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return { residentMb, liveMb: (heapUsed + external) / MB }
}

function collect(): void {
  setFlagsFromString('--expose-gc')
  ;(runInNewContext('gc') as () => void)()
}
