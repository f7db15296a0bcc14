/**
 * The reference of `start.ts`, in a process of its own: opens the embedded database of a folder, asks it once, and ends.
 *
 * @module
 */
import { openEmbedded } from '../packages/server/src/db/embedded.ts'

const [folder = ''] = process.argv.slice(2)
const database = await openEmbedded(folder)
await database.query('select 1')
process.exit(0)
