/**
 * One PostgreSQL database that is filled once and copied for each case.
 *
 * @module
 */
import pg from 'pg'
import type { Postgres } from '../../harness/postgres.ts'

export interface PostgresTemplate {
  readonly url: string
  /** The URL of a copy. Nobody may be connected to the template meanwhile. */
  copy(): Promise<string>
}

/** @param from what it is itself a copy of, before it is filled */
export async function createPostgresTemplate(postgres: Postgres, from: string): Promise<PostgresTemplate> {
  const url = await postgres.createDatabase({ template: from })
  const admin = await postgres.createDatabase()
  const template = nameIn(url)
  let copies = 0
  let last: Promise<unknown> = Promise.resolve()
  const createCopy = async (name: string): Promise<void> => {
    const client = new pg.Client({ connectionString: admin })
    await client.connect()
    try {
      await client.query(`create database ${name} template ${template}`)
    } finally {
      await client.end()
    }
  }
  return {
    url,
    copy: async () => {
      copies += 1
      const name = `${template}_copy_${copies}`
      // PostgreSQL copies a template for one at a time.
      const turn = last.then(() => createCopy(name))
      last = turn.catch(() => {})
      await turn
      const copied = new URL(url)
      copied.pathname = `/${name}`
      return copied.href
    },
  }
}

function nameIn(url: string): string {
  return new URL(url).pathname.slice(1)
}
