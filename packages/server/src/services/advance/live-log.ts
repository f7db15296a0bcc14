/**
 * The log of a deployment while it is under way: lines that a target says are written down within a moment, so that whoever watches sees
 * a slow command run. What ends sooner costs no statement of its own: its lines go with its end.
 *
 * @module
 */
import type { Services } from '../context.ts'
import { noteDeployment, type DeploymentWork } from './deployment-record.ts'
import type { Work } from './facts.ts'

/** Watchers look every second. */
const GATHER_MS = 200

export interface LiveLog {
  readonly say: (line: string) => void
  /** So many of the first lines are written down already, by whoever said them elsewhere. */
  readonly skip: (lines: number) => void
  /**
   * No line is written down by itself from now on.
   *
   * @param log all lines, in the order in which they were said
   * @returns those that are not written down yet
   */
  end(log: readonly string[]): Promise<readonly string[]>
}

export function createLiveLog(services: Services, work: Work, deployment: DeploymentWork): LiveLog {
  let waiting: string[] = []
  let written = 0
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()
  let isOver = false
  const write = async (): Promise<void> => {
    const lines = waiting
    if (lines.length === 0 || isOver) return
    waiting = []
    try {
      await noteDeployment(services, work, deployment, { log: lines })
      written += lines.length
    } catch (error) {
      // The deployment itself is no worse for it: the rest is recorded with its end, or this was no longer its turn.
      isOver = true
      services.log.debug({ event: 'deployment.logNotWritten', deploymentId: deployment.id, error })
    }
  }
  return {
    say: (line) => {
      waiting.push(line)
      timer ??= setTimeout(() => {
        timer = undefined
        writing = writing.then(write)
      }, GATHER_MS)
    },
    skip: (lines) => {
      written += lines
    },
    end: async (log) => {
      clearTimeout(timer)
      await writing
      isOver = true
      return log.slice(written)
    },
  }
}
