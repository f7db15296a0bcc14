/**
 * The file of a backup: gzip of lines, encrypted as age does (age-encryption.org/v1), so that the program `age` opens it too.
 *
 * @module
 */
import { readFile } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import type { Decrypter, Encrypter } from 'age-encryption'
import { failure, wrongUsage } from './failure.ts'

export interface LockOptions {
  readonly passphraseFile?: string
  readonly recipient?: readonly string[]
}

export interface UnlockOptions {
  readonly passphraseFile?: string
  readonly identityFile?: string
}

const PASSPHRASE = 'EVERCERT_BACKUP_PASSPHRASE'
/** Whoever has the file may try passphrases for as long as they like. */
const MIN_PASSPHRASE_LENGTH = 12

/** Who can open it is settled before anything is read. @throws CliFailure `invalid` when nobody could, or anybody */
export async function createLock(env: NodeJS.ProcessEnv, { passphraseFile, recipient = [] }: LockOptions): Promise<Encrypter> {
  const encrypter = new (await import('age-encryption')).Encrypter() // large: loaded for backups alone
  for (const one of recipient) addRecipient(encrypter, one)
  if (recipient.length > 0) return encrypter
  const passphrase = await readPassphrase(env, passphraseFile)
  if (passphrase === null) throw noSecret('--recipient')
  if (passphrase.length < MIN_PASSPHRASE_LENGTH) throw shortPassphrase()
  encrypter.setPassphrase(passphrase)
  return encrypter
}

/** @throws CliFailure `invalid` without passphrase and identity */
export async function createUnlock(env: NodeJS.ProcessEnv, { passphraseFile, identityFile }: UnlockOptions): Promise<Decrypter> {
  const decrypter = new (await import('age-encryption')).Decrypter()
  if (identityFile !== undefined) {
    for (const line of (await readText(identityFile)).split(/\r?\n/))
      if (line !== '' && !line.startsWith('#')) addIdentity(decrypter, line)
    return decrypter
  }
  const passphrase = await readPassphrase(env, passphraseFile)
  if (passphrase === null) throw noSecret('--identity-file')
  decrypter.addPassphrase(passphrase)
  return decrypter
}

/** @param first what comes before the rows, as one line */
export async function seal(
  lock: Encrypter,
  first: string,
  rows: ReadableStream<Uint8Array>,
): Promise<ReadableStream<Uint8Array>> {
  const beginning = gzipSync(`${first}\n`) // gzip of a text is the gzips of its parts, one after the other
  return lock.encrypt(Readable.toWeb(Readable.from(concat(beginning, rows))) as ReadableStream<Uint8Array>)
}

/** The gzip within. @throws CliFailure `invalid` when it is no such file, or opens with another secret */
export async function unseal(unlock: Decrypter, path: string): Promise<AsyncIterable<Uint8Array>> {
  const file = createReadStream(path)
  try {
    const opened = await unlock.decrypt(Readable.toWeb(file) as ReadableStream<Uint8Array>)
    return Readable.from(opened)
  } catch (error) {
    file.destroy()
    if (error instanceof Error && 'code' in error) throw unreadable(path, String(error.code))
    throw wrongSecret(path)
  }
}

async function* concat(beginning: Uint8Array, rows: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield beginning
  yield* rows
}

async function readPassphrase(env: NodeJS.ProcessEnv, file: string | undefined): Promise<string | null> {
  const text = file === undefined ? env[PASSPHRASE] : (await readText(file)).replace(/\r?\n$/, '')
  return text === undefined || text === '' ? null : text
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw unreadable(path, error instanceof Error && 'code' in error ? String(error.code) : String(error))
  }
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  try {
    encrypter.addRecipient(recipient)
  } catch {
    throw wrongUsage('invalid', `Reading the recipient "${recipient}": it is no age recipient: give one such as age1….`, {
      cause: { en: `"${recipient}" is no age recipient.`, zh: `“${recipient}” 不是 age 接收方公钥。` },
      remedy: { en: 'Give the public key that "age-keygen" printed: age1….', zh: '请提供 “age-keygen” 输出的公钥：age1…。' },
    })
  }
}

function addIdentity(decrypter: Decrypter, identity: string): void {
  try {
    decrypter.addIdentity(identity)
  } catch {
    throw wrongUsage('invalid', 'Reading the identity file: it holds no age identity: give the file that "age-keygen" wrote.', {
      cause: { en: 'The file holds no age identity.', zh: '该文件中没有 age 私钥。' },
      remedy: {
        en: 'Give the file that "age-keygen" wrote: AGE-SECRET-KEY-….',
        zh: '请提供 “age-keygen” 生成的文件：AGE-SECRET-KEY-…。',
      },
    })
  }
}

function noSecret(key: '--recipient' | '--identity-file'): Error {
  return wrongUsage(
    'invalid',
    `Looking for the secret of the backup: there is none: set ${PASSPHRASE}, --passphrase-file or ${key}.`,
    {
      title: 'A backup is always encrypted',
      cause: { en: 'Neither a passphrase nor a key was given.', zh: '未提供口令或密钥。' },
      remedy: {
        en: `Set ${PASSPHRASE}, or give --passphrase-file or ${key}.`,
        zh: `请设置 ${PASSPHRASE}，或使用 --passphrase-file、${key}。`,
      },
    },
  )
}

function shortPassphrase(): Error {
  return wrongUsage(
    'invalid',
    `Reading the passphrase: it has fewer than ${MIN_PASSPHRASE_LENGTH} characters: take a longer one.`,
    {
      cause: {
        en: `Who has the file may try passphrases for as long as they like; this one has fewer than ${MIN_PASSPHRASE_LENGTH} characters.`,
        zh: `得到文件的人可以无限次尝试口令；该口令少于 ${MIN_PASSPHRASE_LENGTH} 个字符。`,
      },
      remedy: { en: 'Take a longer one, such as five random words.', zh: '请使用更长的口令，例如五个随机单词。' },
    },
  )
}

function wrongSecret(path: string): Error {
  return failure(
    'invalid',
    {
      en: `Opening ${path}: it does not open with this secret, or is no backup: give the one it was made with.`,
      zh: `打开 ${path}：口令或密钥不匹配，或该文件不是备份。`,
    },
    {
      cause: {
        en: 'The file does not open with this passphrase or key, or is no backup.',
        zh: '口令或密钥不匹配，或该文件不是备份。',
      },
      remedy: { en: 'Give the passphrase or key that it was made with.', zh: '请使用创建该备份时的口令或密钥。' },
    },
  )
}

function unreadable(path: string, code: string): Error {
  return wrongUsage('invalid', `Reading ${path}: it cannot be read (${code}): check the path.`, {
    cause: { en: `The file ${path} cannot be read (${code}).`, zh: `无法读取文件 ${path}（${code}）。` },
    remedy: { en: 'Check the path and the permissions.', zh: '请检查路径和权限。' },
  })
}
