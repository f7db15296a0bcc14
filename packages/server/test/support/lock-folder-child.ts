// Takes the lock of a data folder at the moment when a file appears, says whether it got it, and keeps it until it is ended.
import { existsSync } from 'node:fs'
import { lockFolder } from '../../src/db/lock.ts'

const [, , folder = '', startFile] = process.argv
process.stdout.write('waiting\n')
const deadline = Date.now() + 20_000
while (startFile !== undefined && !existsSync(startFile) && Date.now() < deadline);
try {
  lockFolder(folder)
  process.stdout.write('locked\n')
} catch (error) {
  process.stdout.write(`refused ${error instanceof Error ? error.message : ''}\n`)
}
setInterval(() => {}, 1000)
