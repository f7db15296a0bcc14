// Opens the embedded database in a folder and prints each id after its commit, until it is killed.
import { openDatabase } from '../../src/db/connect.ts'

const folder = process.argv[2] ?? ''
const { db } = await openDatabase({ kind: 'embedded', folder })
for (let row = 0; ; row += 1) {
  const id = `acc_${row}`
  await db
    .insertInto('account')
    .values({ id, name: 'x'.repeat(200), created_at: new Date() })
    .execute()
  process.stdout.write(`${id}\n`)
}
