/**
 * Wakes the agents of this process that wait for work. Those that wait at another node look again by themselves.
 *
 * @module
 */
const waiting = new Map<string, Set<() => void>>()

export function ringFor(agentId: string): void {
  for (const wakeUp of waiting.get(agentId) ?? []) wakeUp()
}

/** Resolves when the bell is rung, or the time is up. */
export function waitForBell(agentId: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const heard = waiting.get(agentId) ?? new Set()
    waiting.set(agentId, heard)
    const end = (): void => {
      clearTimeout(timer)
      heard.delete(end)
      if (heard.size === 0) waiting.delete(agentId)
      resolve()
    }
    const timer = setTimeout(end, timeoutMs)
    heard.add(end)
  })
}
