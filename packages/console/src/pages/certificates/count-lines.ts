/**
 * How far a file of lines has come while it comes.
 *
 * @module
 */
const LINE_FEED = 10
/** Often enough to be seen moving. */
const TELL_MS = 200

/** Passes a file on as it is. @param tell how many lines have come, and at its end how many there are */
export function countLines(file: ReadableStream<Uint8Array>, tell: (lines: number) => void): ReadableStream<Uint8Array> {
  let lines = 0
  let told = 0
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform: (chunk, controller) => {
      for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) lines += 1
      if (performance.now() - told > TELL_MS) {
        told = performance.now()
        tell(lines)
      }
      controller.enqueue(chunk)
    },
    flush: () => tell(lines),
  })
  return file.pipeThrough(counter)
}
