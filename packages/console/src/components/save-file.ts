/**
 * Hands a file to the browser, to be saved under a name.
 *
 * @module
 */
export function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

/** A name that every file system takes. */
export function fileNameOf(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_').replace(/^\.+/, '') || 'file'
}
