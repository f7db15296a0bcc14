import type { Db } from '../../src/db/connect.ts'
import type { Trx } from '../../src/db/transition.ts'

/** Something happens before each transaction, behind what was read for it. */
export function withBefore(db: Db, happen: () => Promise<void>): Db {
  return withTransactions(db, async (work) => {
    await happen()
    return db.transaction().execute(work)
  })
}

/** Something happens behind the first statement. */
export function withAfterFirst(db: Db, happen: () => Promise<void>): Db {
  let isFirst = true
  return db.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: async ({ result }) => {
      if (isFirst) {
        isFirst = false
        await happen()
      }
      return result
    },
  })
}

/** Of two transactions that wait for each other ours is ended, where it locks a lineage, as often as `isEnded` says. */
export function withDeadlock(db: Db, isEnded: () => boolean): Db {
  const endAtLock = (trx: Trx): Trx =>
    trx.withPlugin({
      transformQuery: ({ node }) => {
        const isLock =
          node.kind === 'RawNode' && 'sqlFragments' in node && String(node.sqlFragments).includes('pg_advisory_xact_lock')
        if (isLock && isEnded()) throw Object.assign(new Error('deadlock detected'), { code: '40P01' })
        return node
      },
      transformResult: ({ result }) => Promise.resolve(result),
    }) as Trx
  return withTransactions(db, (work) => db.transaction().execute((trx) => work(endAtLock(trx))))
}

type Work = (trx: Trx) => Promise<unknown>

function withTransactions(db: Db, run: (work: Work) => Promise<unknown>): Db {
  return new Proxy(db, {
    get: (target, name) => {
      if (name === 'transaction') return () => ({ execute: run })
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}
