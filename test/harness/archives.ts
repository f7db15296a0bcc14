/**
 * Archives for tests, written byte by byte, so that they may say of themselves whatever a test wants: any path, type and size.
 *
 * @module
 */
import { crc32, deflateRawSync, gzipSync } from 'node:zlib'

export interface ArchiveEntry {
  readonly path: string
  readonly content?: string | Buffer
  /** What the archive says instead of the real size. */
  readonly claimedSize?: number
  /** Default: a file. */
  readonly kind?: 'file' | 'link' | 'folder'
}

const UNIX = { file: 0o100644, link: 0o120777, folder: 0o040755 } as const
const MADE_BY_UNIX = 3 << 8
const DEFLATED = 8

/** A ZIP archive (APPNOTE 6.3), deflated, without ZIP64. */
export function makeZip(entries: readonly ArchiveEntry[]): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { path, content = '', claimedSize, kind = 'file' } of entries) {
    const [name, data] = [Buffer.from(path), Buffer.from(content)]
    const packed = deflateRawSync(data)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0) // version needed
    common.writeUInt16LE(DEFLATED, 4)
    common.writeUInt32LE(crc32(data), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(claimedSize ?? data.length, 18)
    common.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('504b0304', 'hex'), common, name, packed])
    const central = Buffer.alloc(46)
    central.write('504b0102', 0, 'hex')
    central.writeUInt16LE(MADE_BY_UNIX, 4)
    common.copy(central, 6)
    central.writeUInt32LE((UNIX[kind] << 16) >>> 0, 38)
    central.writeUInt32LE(offset, 42)
    directory.push(central, name)
    parts.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('504b0506', 0, 'hex')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, central, end])
}

const BLOCK = 512
const TYPE = { file: '0', link: '2', folder: '5' } as const

/** A tar archive (POSIX ustar). */
export function makeTar(entries: readonly ArchiveEntry[]): Buffer {
  const parts = entries.flatMap(({ path, content = '', claimedSize, kind = 'file' }) => {
    const data = Buffer.from(content)
    return [tarHeader(path, claimedSize ?? data.length, TYPE[kind]), data, Buffer.alloc((BLOCK - (data.length % BLOCK)) % BLOCK)]
  })
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)])
}

export function makeTarGz(entries: readonly ArchiveEntry[]): Buffer {
  return gzipSync(makeTar(entries))
}

/** @param type the type flag; `x` is a header of extensions, whose content readers keep in memory */
export function tarHeader(path: string, size: number, type: string): Buffer {
  const header = Buffer.alloc(BLOCK)
  header.write(path, 0, 100)
  header.write('0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0', 136)
  header.write('        ', 148)
  header.write(type, 156)
  if (type === TYPE.link) header.write('/etc/passwd', 157)
  header.write('ustar\u000000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}
