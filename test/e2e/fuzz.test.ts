/** A short run of `npm run fuzz`, always with the same inputs. */
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../packages/server/src/db/connect.ts'
import { openerOf } from '../../packages/server/test/support/databases.ts'
import { runFuzz } from '../fuzz/run-fuzz.ts'
import { createStateReader, expectUnchanged, expectWhole } from '../fuzz/targets/stored.ts'

const INPUTS = 2000
/** Of which some input has to be taken. */
const TAKEN = ['PEM chains', 'DER certificates', 'CRLs', 'OCSP responses', 'issuers', 'archives', 'API: PEM in bulk']
const open = openerOf('embedded')

it('changed input crashes nothing, hangs nothing, is never our own failure, and stores nothing in part', async () => {
  const reports = await runFuzz({ seed: 20_261_124, inputs: INPUTS })
  expect(reports.flatMap(({ name, findings }) => findings.map((finding) => `${name}: ${finding}`))).toEqual([])
  expect(reports.reduce((sum, { inputs }) => sum + inputs, 0)).toBeGreaterThanOrEqual(INPUTS)
  // A fuzzer whose input is all refused at the door, or all taken, tests little.
  // In bulk a request is taken, and its entries are refused one by one.
  for (const { name, refused } of reports)
    expect({ name, refused: refused > 0 || name === 'API: PEM in bulk' }).toEqual({ name, refused: true })
  const accepted = reports.filter((report) => report.accepted > 0).map(({ name }) => name)
  expect(accepted).toEqual(expect.arrayContaining(TAKEN))
})

it('would find what a refusal left behind: a row that is added, changed or gone, and a secret that is nobody’s', async () => {
  const database = await openDatabase((await open()).settings)
  onTestFinished(() => database.close())
  const { db } = database
  const readState = await createStateReader(db)
  for (const change of [
    sql`insert into account (id, name, created_at) values ('acc_1', 'a', now())`,
    sql`update account set name = 'b' where id = 'acc_1'`,
    sql`delete from account where id = 'acc_1'`,
  ]) {
    const before = await readState()
    expectUnchanged(before, await readState(), 'nothing')
    await change.execute(db)
    const after = await readState()
    expect(() => expectUnchanged(before, after, 'it')).toThrow('changed account')
  }
  await expectWhole(db)
  await sql`insert into master_key (id, seals, since) values ('k', true, now())`.execute(db)
  await sql`insert into secret (id, purpose, master_key_id, wrapped_key, ciphertext, created_at)
    values ('sec_1', 'privateKey', 'k', '', '', now())`.execute(db)
  await expect(expectWhole(db)).rejects.toThrow('belongs to nothing')
})
