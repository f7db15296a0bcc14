/**
 * Memory and CPU time of another process, as Linux tells them; null elsewhere.
 *
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessUsage {
  /** Highest and present resident memory, MB (10⁶ octets). */
  readonly peakMb: number
  readonly rssMb: number
  /** User and system time since its start. */
  readonly cpuMs: number
}

/** Linux counts in 1/100 s for programs, whatever the kernel's own tick (`getconf CLK_TCK`). */
const TICK_MS = 10
/** The kernel says `kB` and means 1,024 octets. */
const KIB_IN_MB = 1024 / 1_000_000

export function readProcessUsage(pid: number): ProcessUsage | null {
  if (process.platform !== 'linux') return null
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mb = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * KIB_IN_MB
  return { peakMb: mb('VmHWM'), rssMb: mb('VmRSS'), cpuMs: readStat(pid).cpuMs }
}

/** CPU time of a process and of those that it started and that still run; 0 where it cannot be told. */
export function readFamilyCpuMs(pid: number): number {
  if (process.platform !== 'linux') return 0
  let cpuMs = readStat(pid).cpuMs
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readStat(Number(name))
      if (stat.parent === pid) cpuMs += stat.cpuMs
    } catch {
      // It has ended since.
    }
  }
  return cpuMs
}

function readStat(pid: number): { readonly parent: number; readonly cpuMs: number } {
  // The second field is the command in parentheses and may hold blanks; the parent is the fourth, user and system time are the 14th and 15th.
  const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return { parent: Number(afterName[1]), cpuMs: (Number(afterName[11]) + Number(afterName[12])) * TICK_MS }
}
