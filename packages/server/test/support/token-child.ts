/** A process that asks a token once its input ends, and ends itself with 7 when it was refused, though the call may still be out. */
import { openTokenMasterKeys, type TokenSettings } from '../../src/adapters/secrets/index.ts'
import { AppError } from '../../src/domain/errors.ts'

const keys = await openTokenMasterKeys(JSON.parse(process.argv[2] ?? '') as TokenSettings)
process.stdout.write('open\n')
process.stdin.resume().on('end', () => {
  void keys
    .list()[0]
    ?.wrap(new Uint8Array(32))
    .catch(async (error: unknown) => {
      await keys.close()
      process.exit(error instanceof AppError && error.code === 'masterKeyAway' ? 7 : 1)
    })
})
