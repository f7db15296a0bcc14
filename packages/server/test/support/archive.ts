/**
 * Zip archives as a test looks at them: contents and file modes.
 *
 * @module
 */
import { strFromU8, unzipSync } from 'fflate'

export interface OpenedArchive {
  readonly name: string
  readonly files: Readonly<Record<string, Uint8Array>>
  /** Permission bits of each file, as `unzip` would set them. */
  readonly modes: Readonly<Record<string, number>>
  readonly text: (name: string) => string
}

export async function openArchive(file: File): Promise<OpenedArchive> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  const files = unzipSync(bytes)
  return {
    name: file.name,
    files,
    modes: modesOf(Buffer.from(bytes)),
    text: (name) => {
      const content = files[name]
      if (content === undefined) throw new Error(`${name} is not in the archive: ${Object.keys(files).join(', ')}`)
      return strFromU8(content)
    },
  }
}

/** From the central directory (APPNOTE 4.3.12): unpackers take modes from there. */
function modesOf(bytes: Buffer): Record<string, number> {
  const modes: Record<string, number> = {}
  let at = bytes.readUInt32LE(bytes.lastIndexOf(Buffer.from('PK\x05\x06')) + 16)
  while (bytes.readUInt32LE(at) === 0x02_01_4b_50) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => bytes.readUInt16LE(at + offset))
    const name = bytes.toString('utf8', at + 46, at + 46 + (nameLength ?? 0))
    modes[name] = (bytes.readUInt32LE(at + 38) >>> 16) & 0o777
    at += 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0)
  }
  return modes
}
