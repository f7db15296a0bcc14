/**
 * A document before it is sent: what the service would refuse for its size or kind is not sent at all. The service checks all of it again.
 *
 * @module
 */
export type DocumentFault = 'tooLarge' | 'notImage' | 'unreadable'

/** 500 KB (DOMAIN §4). */
export const MAX_DOCUMENT_BYTES = 500 * 1024

const STARTS = [
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], // PNG
  [0xff, 0xd8, 0xff], // JPEG
] as const

/** Told by how it begins, not by what it is called. */
export async function readDocument(file: Blob): Promise<{ contentBase64: string } | { fault: DocumentFault }> {
  if (file.size > MAX_DOCUMENT_BYTES) return { fault: 'tooLarge' }
  try {
    const bytes = new Uint8Array(await file.arrayBuffer())
    if (!STARTS.some((start) => start.every((byte, index) => bytes[index] === byte))) return { fault: 'notImage' }
    return { contentBase64: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) }
  } catch {
    return { fault: 'unreadable' } // a folder, or a file that went away
  }
}
