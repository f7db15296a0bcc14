/**
 * One PostgreSQL for all the files of a run: to copy, start and end a server takes a second, and a hundred files want databases. Each has its own, and drops
 * them.
 *
 * @module
 */
import type { TestProject } from 'vitest/node'
import { postgresTemplate } from './database-templates.ts'
import { startPostgres } from './postgres.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of the server with {@link TEMPLATE_DATABASE}, on 127.0.0.1; not there where no file of the run is of a project that has one. */
    readonly postgresPort?: number
  }
}

/** @returns what ends it */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  // Nobody kills it, so it need not wait for the disk.
  const server = await startPostgres({ dataTemplate: await postgresTemplate(), isForgetful: true, maxConnections: 200 })
  provide('postgresPort', server.port)
  return () => server.stop()
}
