/**
 * Several pairs of one server that are deployed together: the configuration is tested once as it is, then all are put in place, it is tested once more, and the
 * server is reloaded once. When the test or the reload fails, all go back, and halves are tried until what is at fault stands alone: the others go on.
 *
 * @module
 */
import type { CommandResult } from './command.ts'

export interface Failure {
  readonly command: 'test' | 'reload'
  readonly result: CommandResult
}

/** What one of them needs to know of the others. */
export interface BatchFacts {
  readonly count: number
  readonly timeoutSeconds: number
}

/** One pair on its way. What a function throws is its own end and nobody else's. */
export interface Member {
  /** Whoever has the same is served by one run. Null: there is none. */
  readonly testCommand: readonly string[] | null
  readonly reloadCommand: readonly string[] | null
  /** For how long its commands may run; of those that share one, the longest counts. */
  readonly timeoutSeconds: number
  /** Whether the previous pair comes back when a command fails. */
  readonly canGoBack: boolean
  /** The server may have read something else since: it is reloaded also when the new pair did not stay. Known once it was put in. */
  mustReload(): boolean
  /** Takes its lock and looks again. Null: nothing is left to be done. */
  begin(batch: BatchFacts): Promise<{ readonly mustBeHealthy: boolean } | null>
  /** What becomes of it when the configuration was broken before anything was touched. */
  refuse(result: CommandResult): Error
  /** May be called again after `putBack`. */
  putIn(): Promise<void>
  putBack(failure: Failure): Promise<void>
  /** The test is content, the reload is next. */
  placed(): void
  run(command: readonly string[], timeoutSeconds: number): Promise<CommandResult>
  tell(command: 'test' | 'reload', result: CommandResult): void
}

/** How it ended for one member; `reload` is null when there was none. */
export type Outcome =
  | { readonly is: 'nothing' }
  | { readonly is: 'in'; readonly reload: CommandResult | null }
  | { readonly is: 'back'; readonly failure: Failure; readonly reload: CommandResult | null }
  | { readonly is: 'error'; readonly error: unknown }

/** At the same time, in folders of their own. */
const PARALLEL = 8

interface Run<One> {
  readonly outcomes: Map<One, Outcome>
  readonly between: () => Promise<void>
}

/**
 * Never rejects: each member has its outcome.
 *
 * @param between called where others may go first: each pair is in place and tested then, or back. Never rejects
 */
export async function runBatch<One extends Member>(
  members: readonly One[],
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<ReadonlyMap<One, Outcome>> {
  const outcomes = new Map<One, Outcome>()
  const run: Run<One> = { outcomes, between }
  const careful = new Set<One>()
  const facts = { count: members.length, timeoutSeconds: longestOf(members) }
  const begun = await each(members, outcomes, async (member) => {
    const begin = await member.begin(facts)
    if (begin === null) outcomes.set(member, { is: 'nothing' })
    else if (begin.mustBeHealthy) careful.add(member)
    return begin !== null
  })
  const sound = begun.filter((member) => careful.has(member))
  let broken = await failedTests(sound, outcomes)
  const cures = begun.filter((member) => !careful.has(member))
  if (broken.size > 0 && cures.length > 0) {
    // It may be broken because their pairs are missing.
    await install(cures, run)
    await between()
    broken = await failedTests(sound, outcomes)
  }
  for (const [member, result] of broken) outcomes.set(member, { is: 'error', error: member.refuse(result) })
  await install(
    begun.filter((member) => !outcomes.has(member)),
    run,
  )
  return outcomes
}

/** Puts members in place and reloads for those that stay. */
async function install<One extends Member>(members: readonly One[], run: Run<One>): Promise<void> {
  const { outcomes, between } = run
  const back = new Map<One, Failure>()
  const placed = await place(members, run, back)
  for (const member of placed) member.placed()
  const concerned = [...placed, ...[...back.keys()].filter((member) => member.mustReload())]
  const result = await runOnce('reload', concerned, outcomes)
  if (result === null || result.ok) return end({ placed, back, reload: result }, outcomes)
  const returning = placed.filter((member) => member.canGoBack && !outcomes.has(member))
  const returned = await putBack(returning, { command: 'reload', result }, outcomes)
  const again = await runOnce('reload', concerned, outcomes)
  end({ placed: placed.filter((member) => !member.canGoBack), back, reload: again }, outcomes)
  if (returned.length <= 1 || again?.ok !== true) {
    const failed = returned.filter((member) => !outcomes.has(member))
    for (const member of failed) outcomes.set(member, { is: 'back', failure: { command: 'reload', result }, reload: again })
    return
  }
  for (const half of halvesOf(returned)) {
    await between()
    await install(half, run)
  }
}

interface Placed<One> {
  readonly placed: readonly One[]
  readonly back: ReadonlyMap<One, Failure>
  readonly reload: CommandResult | null
}

function end<One extends Member>({ placed, back, reload }: Placed<One>, outcomes: Map<One, Outcome>): void {
  for (const member of placed) if (!outcomes.has(member)) outcomes.set(member, { is: 'in', reload })
  for (const [member, failure] of back) {
    if (!outcomes.has(member)) outcomes.set(member, { is: 'back', failure, reload: member.mustReload() ? reload : null })
  }
}

/** @returns those that are in place and pass the test; `back` has those that do not */
async function place<One extends Member>(
  members: readonly One[],
  run: Run<One>,
  back: Map<One, Failure>,
): Promise<readonly One[]> {
  const { outcomes, between } = run
  const placed = await each(members, outcomes, async (member) => {
    await member.putIn()
    return true
  })
  const failed = await failedTests(placed, outcomes)
  const [first] = failed
  if (first === undefined) return placed.filter((member) => !outcomes.has(member))
  const final = placed.filter((member) => !member.canGoBack)
  const suspects = placed.filter((member) => member.canGoBack && !outcomes.has(member))
  const failureOf = (member: One): Failure => ({ command: 'test', result: failed.get(member) ?? first[1] })
  const returned = await each(suspects, outcomes, async (member) => {
    await member.putBack(failureOf(member))
    return true
  })
  const [only] = returned
  if (returned.length === 1 && only !== undefined) {
    back.set(only, failureOf(only))
    return final
  }
  // Broken without them too: somebody else's doing, and no half would pass.
  const stillBroken = await failedTests(returned, outcomes)
  for (const member of stillBroken.keys()) back.set(member, failureOf(member))
  const rest = returned.filter((member) => !stillBroken.has(member) && !outcomes.has(member))
  const good: One[] = [...final]
  for (const half of halvesOf(rest)) {
    await between()
    good.push(...(await place(half, run, back)))
  }
  return good
}

function halvesOf<One>(members: readonly One[]): readonly (readonly One[])[] {
  const middle = Math.ceil(members.length / 2)
  return [members.slice(0, middle), members.slice(middle)].filter(({ length }) => length > 0)
}

function putBack<One extends Member>(
  members: readonly One[],
  failure: Failure,
  outcomes: Map<One, Outcome>,
): Promise<readonly One[]> {
  return each(members, outcomes, async (member) => {
    await member.putBack(failure)
    return true
  })
}

/** Each test command once. */
async function failedTests<One extends Member>(
  members: readonly One[],
  outcomes: Map<One, Outcome>,
): Promise<ReadonlyMap<One, CommandResult>> {
  const groups = new Map<string, One[]>()
  for (const member of members) {
    const key = JSON.stringify(member.testCommand)
    const group = groups.get(key) ?? []
    group.push(member)
    groups.set(key, group)
  }
  const failed = new Map<One, CommandResult>()
  for (const group of groups.values()) {
    const result = await runOnce('test', group, outcomes)
    if (result === null || result.ok) continue
    for (const member of group) if (!outcomes.has(member)) failed.set(member, result)
  }
  return failed
}

/** On the host of the first that still reaches it; who does not is at its end. */
async function runOnce<One extends Member>(
  name: 'test' | 'reload',
  members: readonly One[],
  outcomes: Map<One, Outcome>,
): Promise<CommandResult | null> {
  const timeoutSeconds = longestOf(members)
  for (const member of members) {
    const command = name === 'test' ? member.testCommand : member.reloadCommand
    if (command === null) return null
    if (outcomes.has(member)) continue
    try {
      const result = await member.run(command, timeoutSeconds)
      for (const concerned of members) if (!outcomes.has(concerned)) concerned.tell(name, result)
      return result
    } catch (error) {
      outcomes.set(member, { is: 'error', error })
    }
  }
  return null
}

function longestOf(members: readonly Member[]): number {
  return members.reduce((longest, { timeoutSeconds }) => Math.max(longest, timeoutSeconds), 0)
}

/** Some at a time, in their order. @returns those for which `work` says so */
async function each<One extends Member>(
  members: readonly One[],
  outcomes: Map<One, Outcome>,
  work: (member: One) => Promise<boolean>,
): Promise<readonly One[]> {
  const kept = new Set<One>()
  const queue = members.values()
  const worker = async (): Promise<void> => {
    for (const member of queue) {
      try {
        if (await work(member)) kept.add(member)
      } catch (error) {
        outcomes.set(member, { is: 'error', error })
      }
    }
  }
  await Promise.all(Array.from({ length: PARALLEL }, worker))
  return members.filter((member) => kept.has(member))
}
