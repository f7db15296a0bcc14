import type { Db } from '../../src/db/connect.ts'
import type { Trx } from '../../src/db/transition.ts'

/** Something happens before each transaction, behind what was read for it. */
export function withBefore(db: Db, happen: () => Promise<void>): Db {
  const transaction = () => ({
    execute: async <Value>(work: (trx: Trx) => Promise<Value>): Promise<Value> => {
      await happen()
      return db.transaction().execute(work)
    },
  })
  return new Proxy(db, {
    get: (target, name) => {
      if (name === 'transaction') return transaction
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
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
