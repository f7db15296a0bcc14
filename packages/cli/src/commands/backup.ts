/**
 * `evercert backup`, `evercert restore`, `evercert move-to-postgres`.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openBackup } from '@evercert/contract/client'
import { createLock, createUnlock, seal, unseal, type LockOptions, type UnlockOptions } from '../backup-file.ts'
import { formatInstant } from '../format.ts'
import { clean } from '../output.ts'
import { defaultDataDir } from '../profile.ts'
import type { Session } from '../session.ts'
import { moveToPostgres, restoreBackup, tryBackup, type CopyReport } from '../stopped-service.ts'
import { refuseExisting, writeStream } from '../write-files.ts'

export interface BackupOptions extends LockOptions {
  readonly withoutKey?: boolean
  readonly force?: boolean
}

export interface RestoreOptions extends UnlockOptions {
  readonly check?: boolean
}

/** What a restored service needs beside its rows. */
const FILES = ['master.key', 'operator.token']

export async function backupCommand(session: Session, out: string, options: BackupOptions): Promise<number> {
  const { shell, say, paint } = session
  refuseExisting([out], { force: options.force === true })
  const lock = await createLock(shell.env, options)
  const readKeys = async () => (options.withoutKey === true ? {} : readFiles(session))
  const before = await readKeys()
  const { needed, inToken } = await listNeededKeys(session)
  const rows = await openBackup(await session.connection())
  const files = withKeysOf(before, await readKeys())
  const bytes = await writeStream(out, await seal(lock, JSON.stringify({ files }), rows), options.force === true)
  const names = Object.keys(files)
  session.document({ file: out, bytes, files: names, tokenKeys: inToken })
  session.print(
    `${paint('green', '✔')} ${clean(out)} (${bytes} ${say('bytes', '字节')})`,
    ...describeKeys(session, { hasFile: names.includes('master.key'), inToken, needed }),
    say(`  Try it: evercert restore --check ${clean(out)}`, `  演练：evercert restore --check ${clean(out)}`),
  )
  return 0
}

interface NeededKeys {
  readonly needed: readonly string[]
  /** Those that no backup can hold. */
  readonly inToken: readonly string[]
}

async function listNeededKeys(session: Session): Promise<NeededKeys> {
  const { keys } = await (await session.client()).masterKeys.list()
  const needed = keys.filter(({ state, records }) => state === 'seals' || records > 0)
  return { needed: needed.map(({ id }) => id), inToken: needed.filter(({ isInToken }) => isInToken).map(({ id }) => id) }
}

function describeKeys(
  { say }: Session,
  { hasFile, needed, inToken }: NeededKeys & { readonly hasFile: boolean },
): readonly string[] {
  const ofToken = say(
    `  It opens with what is in a PKCS#11 token alone (${inToken.join(', ')}), and no file holds that: keep a copy of the token.`,
    `  它需要 PKCS#11 令牌中的密钥（${inToken.join(', ')}）才能打开，任何文件都不含这些密钥：请保留令牌的副本。`,
  )
  if (inToken.length > 0 && inToken.length === needed.length) return [ofToken]
  const ofFile = hasFile
    ? say(
        '  The master key is in it: this file and its secret are worth all keys.',
        '  包含主密钥：得到该文件及其口令者即得到全部私钥。',
      )
    : say(
        '  The master key is not in it: keep it elsewhere. Without it no stored key can be opened.',
        '  不含主密钥：请另行保存。没有主密钥，任何已存私钥都无法打开。',
      )
  return inToken.length === 0 ? [ofFile] : [ofFile, ofToken]
}

export async function restoreCommand(session: Session, file: string, options: RestoreOptions): Promise<number> {
  const { env } = session.shell
  const source = await unseal(await createUnlock(env, options), file)
  if (options.check === true) {
    report(session, await tryBackup(env, source), session.say('The backup restores', '备份可以恢复'))
    return 0
  }
  const copied = await restoreBackup(env, source)
  report(session, copied, session.say('Restored', '已恢复'))
  session.print(
    session.say(
      `  In ${copied.dataDir}. Start it with "evercert serve"; never beside the original.`,
      `  位于 ${copied.dataDir}。用 “evercert serve” 启动；切勿与原服务同时运行。`,
    ),
  )
  return 0
}

export async function moveCommand(session: Session): Promise<number> {
  report(session, await moveToPostgres(session.shell.env), session.say('Moved to PostgreSQL', '已迁移到 PostgreSQL'))
  session.print(
    session.say(
      '  Start with EVERCERT_DATABASE_URL set from now on; the old database is kept as "database.moved".',
      '  今后启动时请保持设置 EVERCERT_DATABASE_URL；旧数据库保留为 “database.moved”。',
    ),
  )
  return 0
}

function report(session: Session, copied: CopyReport, what: string): void {
  const rows = copied.tables.reduce((sum, table) => sum + table.rows, 0)
  session.document(copied)
  session.print(
    `${session.paint('green', '✔')} ${what}: ${session.say(
      `${rows} rows of ${copied.tables.length} tables, as of ${formatInstant(copied.createdAt)}; each table compared by SHA-256`,
      `${copied.tables.length} 个表共 ${rows} 行，截至 ${formatInstant(copied.createdAt)}；每个表均已用 SHA-256 比对`,
    )}`,
  )
}

/**
 * The rows are of a moment between the two readings. A master key that was made or removed meanwhile may be one that they need.
 *
 * @returns the files as they are now, with the master keys of both readings
 */
function withKeysOf(before: Record<string, string>, now: Record<string, string>): Record<string, string> {
  const keys = [now, before].flatMap((files) => files['master.key']?.split(/\s+/) ?? []).filter((line) => line !== '')
  return keys.length === 0 ? now : { ...now, 'master.key': `${[...new Set(keys)].join('\n')}\n` }
}

/** The files of the data folder, when the service that answers is the one whose folder it is. */
async function readFiles(session: Session): Promise<Record<string, string>> {
  const folder = defaultDataDir(session.shell.env)
  if ((await readAddress(folder)) !== (await session.connection()).url) return {}
  const found = FILES.filter((name) => existsSync(join(folder, name)))
  return Object.fromEntries(
    await Promise.all(found.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  )
}

async function readAddress(folder: string): Promise<unknown> {
  try {
    return (JSON.parse(await readFile(join(folder, 'service.json'), 'utf8')) as { url?: unknown }).url
  } catch {
    return null
  }
}
