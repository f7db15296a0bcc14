import { randomBytes } from 'node:crypto'
import { appendFileSync, chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openGivenMasterKeys, openMasterKeyFile } from '../../src/adapters/secrets/master-key-file.ts'
import { temporaryFolder } from '../support/databases.ts'
import { masterKeysContract } from './master-keys-contract.ts'

const newKey = (): string => randomBytes(32).toString('hex')

masterKeysContract('file', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'master.key')
  return {
    open: async () => openMasterKeyFile(file),
    bring: async () => appendFileSync(file, `${newKey()}\n`),
    close: async () => rmSync(folder, { recursive: true }),
  }
})

masterKeysContract('setting', async () => {
  let text = newKey()
  return {
    open: async () => openGivenMasterKeys(() => text, 'test'),
    bring: async () => {
      text += `,${newKey()}`
    },
    close: async () => {},
  }
})

test('a file that others may read is refused', () => {
  const folder = temporaryFolder()
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'master.key')
  openMasterKeyFile(file)
  chmodSync(file, 0o640)
  expect(() => openMasterKeyFile(file)).toThrow('others may read')
})

test('the last line goes only where there are other keys, and the file with it', async () => {
  const folder = temporaryFolder()
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'master.key')
  writeFileSync(file, `${newKey()}\n`, { mode: 0o600 })
  const alone = openMasterKeyFile(file)
  const [last] = alone.list()
  await alone.drop(last?.id ?? '')
  expect(readFileSync(file, 'utf8').trim()).toHaveLength(64)
  const beside = openMasterKeyFile(file, { others: true })
  await beside.drop(last?.id ?? '')
  expect(existsSync(file)).toBe(false)
  await beside.reload()
  expect(beside.list()).toEqual([])
})
