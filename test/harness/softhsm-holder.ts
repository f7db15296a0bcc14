/** Holds the lock of POSIX (fcntl) on a file until its input ends. Node has no such lock, and only another process can be in the way. */
import { openSync } from 'node:fs'
import koffi from 'koffi'

// struct flock: its fields stand in another order on macOS.
const [setLock, writeLock, typeAt] = process.platform === 'linux' ? ([6, 1, 0] as const) : ([8, 3, 20] as const)
const lock = Buffer.alloc(32)
lock.writeInt16LE(writeLock, typeAt)
const fcntl = koffi.load(null).func('int fcntl(int file, int command, ...)')
if (fcntl(openSync(process.argv[2] ?? '', 'r+'), setLock, 'void *', lock) !== 0) throw new Error('the lock is not to be had')
process.stdout.write('held\n')
process.stdin.resume().on('end', () => process.exit(0))
