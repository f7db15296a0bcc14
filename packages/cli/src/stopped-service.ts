/**
 * Work on an installation whose service is stopped. Like `evercert serve` it needs the server itself, and loads it only when asked to.
 *
 * @module
 */
import type { CopyReport } from '@evercert/server/offline'
import { startFailure } from './start-failure.ts'

export type { CopyReport }

type Source = AsyncIterable<Uint8Array>

/** Restores a decrypted backup into the empty data folder and database of the environment. @throws CliFailure */
export function restoreBackup(env: NodeJS.ProcessEnv, source: Source): Promise<CopyReport> {
  return orFailure((offline) => offline.restoreBackup(env, source))
}

/** Restores it into a folder that goes away. @throws CliFailure */
export function tryBackup(env: NodeJS.ProcessEnv, source: Source): Promise<CopyReport> {
  return orFailure((offline) => offline.tryBackup(env, source))
}

/** Copies the embedded database into the empty PostgreSQL of the environment. @throws CliFailure */
export function moveToPostgres(env: NodeJS.ProcessEnv): Promise<CopyReport> {
  return orFailure((offline) => offline.moveToPostgres(env))
}

async function orFailure<Value>(work: (offline: typeof import('@evercert/server/offline')) => Promise<Value>): Promise<Value> {
  const offline = await import('@evercert/server/offline')
  try {
    return await work(offline)
  } catch (error) {
    if (error instanceof offline.AppError) throw startFailure(error.code, error.message, error.facts)
    if (error instanceof offline.ConfigError) throw startFailure('misconfigured', error.message)
    throw error
  }
}
