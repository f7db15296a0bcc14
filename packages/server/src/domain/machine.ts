/**
 * State machines as tables, for the processes that we drive (order, payment, application, deployment, renewal).
 * Who may make a transition, and the compare-and-set that makes it, are not here.
 *
 * @module
 */

export interface Machine<State extends string> {
  readonly name: string
  readonly initial: State
  /** Every state, in the order of the table: what a CHECK of the database lists. */
  readonly states: readonly State[]
  /** Whether the table has this step. Staying in a state is not one. */
  can(from: State, to: State): boolean
  /** Whether nothing follows. */
  isFinal(state: State): boolean
  /** The states that may follow, in the order of the table. */
  successors(state: State): readonly State[]
}

/** From each state to its possible successors; a state is never its own. */
type Transitions<T> = { readonly [From in keyof T]: readonly Exclude<keyof T, From>[] }

/**
 * A machine from its table. An unknown successor, an unknown initial state and a self-loop do not compile.
 *
 * @throws Error when a state cannot be reached from the initial one (at load: the table is wrong)
 */
export function machine<const T extends Transitions<T>>(
  name: string,
  initial: keyof T & string,
  transitions: T,
): Machine<keyof T & string> {
  type State = keyof T & string
  const successors = new Map(Object.entries<readonly State[]>(transitions as Record<State, readonly State[]>))
  const states = [...successors.keys()] as State[]
  const next = (state: State): readonly State[] => successors.get(state) ?? []
  const reached = reachableFrom(initial, next)
  const unreachable = states.filter((state) => !reached.has(state))
  if (unreachable.length > 0) throw new Error(`machine ${name}: no way from ${initial} to ${unreachable.join(', ')}`)
  return {
    name,
    initial,
    states,
    can: (from, to) => next(from).includes(to),
    isFinal: (state) => successors.has(state) && next(state).length === 0,
    successors: next,
  }
}

/** The states that can be reached from `start`, itself included. */
function reachableFrom<State>(start: State, next: (state: State) => readonly State[]): Set<State> {
  const reached = new Set([start])
  for (const state of reached) for (const successor of next(state)) reached.add(successor) // a Set visits what is added meanwhile
  return reached
}
