/**
 * What a process started, and what that started, as `/proc` tells it.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'

export interface Descendant {
  readonly pid: number
  readonly name: string
}

export function descendantsOf(ancestor: number): Descendant[] {
  const all = readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => readStat(Number(entry)))
  const below = (parent: number): Descendant[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)])
  return below(ancestor)
}

/** proc_pid_stat(5): pid (name) state parent …; none when it has just ended. */
function readStat(pid: number): (Descendant & { readonly parent: number })[] {
  try {
    const [, name = '', parent = ''] = /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return [{ pid, name, parent: Number(parent) }]
  } catch {
    return []
  }
}
