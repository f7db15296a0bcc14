/** Sends back every message of a pipe until one says `end`. */
import { workerData } from 'node:worker_threads'
import { PipeReader, PipeWriter, type PipeMemory } from '../../src/db/pipe.ts'

const pipes = workerData as { readonly requests: PipeMemory; readonly replies: PipeMemory }
const requests = new PipeReader(pipes.requests)
const replies = new PipeWriter(pipes.replies)
for (;;) {
  const message = requests.next()
  if (message === null) {
    requests.wait()
    continue
  }
  if (Buffer.from(message.bytes).toString() === 'end') break
  replies.send(message.tag, [message.bytes])
  replies.finish()
}
