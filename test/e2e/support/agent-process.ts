/**
 * A real `evercert-agent`, run as its unit runs it, that dies right before the change which a test names.
 *
 * @module
 */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startProcess, type RunningProcess } from '../../harness/process.ts'

const HOOK = fileURLToPath(new URL('../../harness/kill-at.cjs', import.meta.url))
const PROGRAM = fileURLToPath(new URL('../../../packages/agent/dist/evercert-agent.cjs', import.meta.url))
/** The work is there at once, and each step of it takes less than this. */
const DIES_WITHIN_MS = 10_000

export interface AgentOptions {
  /** Holds its configuration, its state, and the files of its sites in `tls/<site>/`. */
  readonly folder: string
  readonly name: string
  readonly server: string
  readonly token: string
  readonly sites: Readonly<Record<string, object>>
}

/** Right before the change, the first, second, … of its name since it was planned. */
export interface Death {
  readonly label: string
  readonly nth: number
}

export interface AgentProcess {
  start(): Promise<void>
  /** From now on, also after the next start; null: it lives. */
  plan(death: Death | null): void
  /** Since it was planned, of each process. `killed` is where one died. */
  changes(): readonly string[]
  /** @throws Error when it lives on */
  death(): Promise<void>
  logs(): string
  stop(): Promise<void>
}

/** Enrols it; not started yet. */
export function enrolAgent({ folder, name, server, token, sites }: AgentOptions): AgentProcess {
  const [configPath, planPath] = [join(folder, 'host', 'config.json'), join(folder, 'plan')]
  const onHost = (...args: string[]): string => {
    const env = { PATH: process.env['PATH'], LANG: 'C' }
    const done = spawnSync(process.execPath, [PROGRAM, ...args, '--config', configPath], { encoding: 'utf8', env })
    if (done.status !== 0) throw new Error(`evercert-agent ${args[0] ?? ''}: ${done.stderr}`)
    return done.stdout
  }
  onHost('enroll', '--server', server, '--token', token, '--state-folder', join(folder, 'state'))
  const config = JSON.parse(readFileSync(configPath, 'utf8')) as object
  const discover = { nginx: [], apache: [], haproxy: [] }
  writeFileSync(configPath, JSON.stringify({ ...config, discover, sites }))
  const unit = onHost('unit')
  const wordsOf = (setting: string): string[] => (new RegExp(`^${setting}=(.+)$`, 'm').exec(unit)?.[1] ?? '').split(' ')
  const [command = '', ...args] = wordsOf('ExecStart').map((word) => word.replaceAll('"', ''))
  const env = Object.fromEntries(wordsOf('Environment').map((one) => one.split('='))) as Record<string, string>

  let plans = 0
  let running: RunningProcess | null = null
  const write = (death: Death | null): void =>
    writeFileSync(planPath, JSON.stringify({ id: `plan${plans}`, label: death?.label ?? '', nth: death?.nth ?? 0 }))
  const plan = (death: Death | null): void => {
    plans += 1
    write(death)
  }
  plan(null)
  return {
    start: async () => {
      running = await startProcess({
        command,
        args: ['--require', HOOK, ...args],
        env: { ...env, KILL_AT_PLAN: planPath, KILL_AT_BASE: folder },
        debianPackage: 'nodejs',
        isReady: (logs) => logs.includes(`agent ${name}`),
      })
    },
    plan,
    changes: () =>
      readFileSync(`${planPath}.trace`, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith(`plan${plans}\t`))
        .map((line) => line.slice(line.indexOf('\t') + 1)),
    death: async () => {
      const isOver = await Promise.race([
        running?.ended.then(() => true),
        new Promise((resolve) => setTimeout(resolve, DIES_WITHIN_MS, false).unref()),
      ])
      if (isOver !== true) throw new Error(`the agent does not come to that change:\n${running?.logs() ?? ''}`)
      write(null) // once
    },
    logs: () => running?.logs() ?? '',
    stop: async () => running?.stop(),
  }
}
