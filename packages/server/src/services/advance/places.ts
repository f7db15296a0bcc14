/**
 * How much is under way at the same time. Who only waits for others stands aside: before a reload that is shared, so that a batch of any size comes together at a
 * server, and while another machine does not answer. Its place is for the next. How many may stand aside for one host is bounded by what is left for all
 * others; more are given back, to return when somebody there is done.
 *
 * @module
 */
import type { Gathering } from '../../ports/kit.ts'

/** Who stands aside has its pair in memory. One host alone takes at most half of it, the next half of the rest: nobody takes all. */
const MAX_ASIDE = 2_000
/** However many others stand aside. */
const ALWAYS_ASIDE = 8
/** Whoever takes longer to answer keeps nobody else from their place. */
const SLOW_MS = 1_000
/** For one host. */
const MAX_SLOW = 512
/** Those who leave a host in one moment let as many in, together. */
const LET_IN_MS = 50
/** Who was let in may be done by another node, or be done already: while there is room, others follow. Longer than it takes to see that a host is slow. */
const FOLLOW_MS = 2 * SLOW_MS
/** Nobody else is known to come: those of one moment come within this time. */
const GATHER_MS = 60
/** Jobs begin of which nobody knows yet where they lead. */
const BEGINNING_MS = 1_000
/** Another one is on its way to this very server: it looks at its sites first, and some do not answer. */
const COMING_MS = 15_000

/** Who is waited for. */
export interface Host {
  readonly name: string
  /** Another machine, which may take its time; who waits for nobody is only counted. */
  readonly isElsewhere: boolean
}

/** All that is looked at by handshake. */
export const SITES: Host = { name: 'sites', isElsewhere: true }

/** Who a target waits for: its machine, or what is reloaded on this one; null: nobody. */
export function hostOf({ host, server }: { readonly host?: string; readonly server?: string }): Host | null {
  if (host !== undefined) return { name: host, isElsewhere: true }
  return server === undefined ? null : { name: server, isElsewhere: false }
}

/** One who has a place. */
export interface Visit extends Gathering {
  /** Whoever waits there for long stands aside meanwhile, and has its place again at the end. */
  at<Value>(host: Host | null, work: () => Promise<Value>): Promise<Value>
}

/** A deployment that was given back. */
export interface Returning {
  readonly deploymentId: string
  readonly certificateId: string
  readonly accountId: string
}

export interface Places {
  /** For work that has not begun; also when nothing more fits in beside it. */
  free(): number
  /** Waits for a place where there is none. */
  within<Value>(work: () => Promise<Value>): Promise<Value>
  /** Waits for others that have places of their own. */
  aside<Value>(wait: () => Promise<Value>): Promise<Value>
  /** For one who has a place, and one piece of its work. */
  visit(): Visit
  /** False: as many wait for the host as may, and it is to be given back. */
  admits(host: Host, deploymentId: string): boolean
  /** Was given back, and is told when somebody left that host. */
  willReturn(host: Host, who: Returning): void
  /** Called with those that may return, the oldest first. */
  onRoom(listener: (who: readonly Returning[]) => void): void
  /** Called when there may be a free one. */
  onFree(listener: () => void): void
  /** For how long nobody must have come before a server is reloaded that has room for more. */
  quietMs(server: string): number
  /** Somebody is on the way to a server, until the function that it gives is called. */
  announce(server: string): () => void
  /** Somebody may be on the way to any, until the function that it gives is called. */
  begin(): () => void
  /** Whether more than is under way is waiting to begin. */
  setMore(isThereMore: () => boolean): void
  /** Nobody waits for others any more. */
  close(): void
}

/**
 * @param count pieces of work under way at the same time
 * @param maxAside beside them
 */
export function createPlaces(count: number, maxAside = MAX_ASIDE): Places {
  let beginning = 0
  let isClosed = false
  let isThereMore = () => false
  const coming = new Map<string, number>()
  const seats = createSeats(count)
  const hosts = createHosts({ maxAside, maxSlow: Math.max(count, ALWAYS_ASIDE) }, () => isClosed)
  const quietMs = (server: string): number => {
    if (isClosed) return 0
    if (coming.has(server)) return COMING_MS
    return beginning > 0 || isThereMore() ? BEGINNING_MS : GATHER_MS
  }
  return {
    free: seats.free,
    within: async (work) => {
      await seats.take()
      try {
        return await work()
      } finally {
        seats.leave()
      }
    },
    aside: async (wait) => {
      seats.leave()
      try {
        return await wait()
      } finally {
        await seats.take()
      }
    },
    visit: () => createVisit(seats, hosts, quietMs),
    admits: hosts.admits,
    willReturn: hosts.willReturn,
    onRoom: hosts.onRoom,
    onFree: seats.onFree,
    quietMs,
    announce: (server) => {
      coming.set(server, (coming.get(server) ?? 0) + 1)
      return once(() => {
        const left = (coming.get(server) ?? 1) - 1
        if (left === 0) coming.delete(server)
        else coming.set(server, left)
      })
    },
    begin: () => {
      beginning += 1
      return once(() => {
        beginning -= 1
      })
    },
    setMore: (answer) => {
      isThereMore = answer
    },
    close: () => {
      isClosed = true
    },
  }
}

interface Seats extends Pick<Places, 'free' | 'onFree'> {
  take(): Promise<void> | null
  leave(): void
}

function createSeats(count: number): Seats {
  let taken = 0
  /** Came back, and go before those that have not begun. */
  const waiting: (() => void)[] = []
  const listeners: (() => void)[] = []
  return {
    free: () => Math.max(0, count - taken),
    onFree: (listener) => void listeners.push(listener),
    leave: () => {
      taken -= 1
      const next = waiting.shift()
      if (next !== undefined) {
        taken += 1
        next()
      } else for (const listener of listeners) listener()
    },
    take: () => {
      if (taken < count) {
        taken += 1
        return null
      }
      const own = Promise.withResolvers<void>()
      waiting.push(own.resolve)
      return own.promise
    },
  }
}

interface Crowd {
  /** Of those that stand aside for this host. */
  aside: number
  /** Of these, those that it does not answer. */
  slow: number
  /** Since somebody was let in. */
  left: number
  timer: NodeJS.Timeout | null
  /** The timer is about those who left; else about whoever follows. */
  isLettingIn: boolean
  readonly returning: Map<string, Returning>
}

const noCrowd = (): Crowd => ({ aside: 0, slow: 0, left: 0, timer: null, isLettingIn: false, returning: new Map() })

interface Hosts extends Pick<Places, 'admits' | 'willReturn' | 'onRoom'> {
  isFull(host: Host): boolean
  maySlow(host: Host): boolean
  stand(host: Host | null, isSlow: boolean): void
  return(host: Host | null, isSlow: boolean): void
  /** Somebody is done there, in whatever time. */
  leave(host: Host): void
  /** It answered, and others are waited for there. */
  settle(host: Host | null): void
}

interface Limits {
  readonly maxAside: number
  /** Of one host. */
  readonly maxSlow: number
}

function createHosts({ maxAside, maxSlow }: Limits, isClosed: () => boolean): Hosts {
  let aside = 0
  const crowds = new Map<string, Crowd>()
  const listeners: ((who: readonly Returning[]) => void)[] = []
  const crowdOf = ({ name }: Host): Crowd => {
    const found = crowds.get(name) ?? noCrowd()
    crowds.set(name, found)
    return found
  }
  const isFull = ({ name }: Host): boolean => {
    const crowd = crowds.get(name)
    if (crowd === undefined) return false
    return crowd.aside >= Math.max(ALWAYS_ASIDE, maxAside - aside) || crowd.slow >= maxSlow
  }
  const forgetIfEmpty = (host: Host, { aside: some, returning, timer }: Crowd): void => {
    if (some === 0 && returning.size === 0 && timer === null) crowds.delete(host.name)
  }
  const letIn = (host: Host, crowd: Crowd): void => {
    crowd.left += 1
    if (crowd.returning.size === 0) crowd.left = 0
    if (crowd.left > 0 && !crowd.isLettingIn) letInAfter(LET_IN_MS, host, crowd)
  }
  const letInAfter = (ms: number, host: Host, crowd: Crowd): void => {
    if (crowd.timer !== null) clearTimeout(crowd.timer)
    crowd.isLettingIn = ms === LET_IN_MS
    crowd.timer = setTimeout(() => {
      if (isClosed()) return
      const room = isFull(host) ? 0 : ALWAYS_ASIDE
      const who = [...crowd.returning.values()].slice(0, crowd.isLettingIn ? crowd.left : room)
      crowd.timer = null
      crowd.isLettingIn = false
      crowd.left = 0
      for (const { deploymentId } of who) crowd.returning.delete(deploymentId)
      if (crowd.returning.size > 0) letInAfter(FOLLOW_MS, host, crowd)
      forgetIfEmpty(host, crowd)
      if (who.length > 0) for (const listener of listeners) listener(who)
    }, ms)
    crowd.timer.unref() // whoever waits is written down, and returns by itself later
  }
  return {
    isFull,
    maySlow: (host) => crowdOf(host).slow < MAX_SLOW,
    stand: (host, isSlow) => {
      aside += 1
      if (host === null) return
      const crowd = crowdOf(host)
      crowd.aside += 1
      if (isSlow) crowd.slow += 1
    },
    return: (host, isSlow) => {
      aside -= 1
      if (host === null) return
      const crowd = crowdOf(host)
      crowd.aside -= 1
      if (isSlow) crowd.slow -= 1
      forgetIfEmpty(host, crowd)
    },
    leave: (host) => {
      const crowd = crowds.get(host.name)
      if (crowd !== undefined) letIn(host, crowd)
    },
    settle: (host) => {
      if (host !== null) crowdOf(host).slow -= 1
    },
    admits: (host, deploymentId) => {
      if (isFull(host)) return false
      crowds.get(host.name)?.returning.delete(deploymentId)
      return true
    },
    willReturn: (host, who) => {
      const crowd = crowdOf(host)
      crowd.returning.set(who.deploymentId, who)
      if (!isFull(host))
        letIn(host, crowd) // who was waited for left in this very moment
      else if (crowd.timer === null) letInAfter(FOLLOW_MS, host, crowd)
    },
    onRoom: (listener) => void listeners.push(listener),
  }
}

function createVisit(seats: Seats, hosts: Hosts, quietMs: (server: string) => number): Visit {
  let host: Host | null = null
  let where: 'in' | 'waiting' | 'slow' = 'in'
  let timer: NodeJS.Timeout | undefined
  const watch = (): void => {
    clearTimeout(timer)
    if (host?.isElsewhere === true) timer = setTimeout(becomeSlow, SLOW_MS)
  }
  const becomeSlow = (): void => {
    if (host === null) return
    if (!hosts.maySlow(host)) return watch()
    where = 'slow'
    hosts.stand(host, true)
    seats.leave()
  }
  const comeBack = async (): Promise<void> => {
    clearTimeout(timer)
    if (where === 'in') return
    hosts.return(host, where === 'slow')
    where = 'in'
    await seats.take()
  }
  return {
    quietMs: (server) => (host !== null && hosts.isFull(host) ? 0 : quietMs(server)),
    at: async (place, work) => {
      host = place
      watch()
      try {
        return await work()
      } finally {
        await comeBack()
        if (place !== null) hosts.leave(place)
        host = null
      }
    },
    aside: async (wait) => {
      clearTimeout(timer)
      if (where === 'slow') hosts.settle(host)
      else hosts.stand(host, false)
      if (where === 'in') seats.leave()
      where = 'waiting'
      try {
        return await wait()
      } finally {
        await comeBack()
        watch()
      }
    },
  }
}

/** However often it is called. */
function once(end: () => void): () => void {
  let isOver = false
  return () => {
    if (!isOver) end()
    isOver = true
  }
}
