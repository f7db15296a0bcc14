/**
 * The thread that reads large batches: certificates, signatures and keys, while the main thread answers others and stores.
 *
 * @module
 */
import { parentPort } from 'node:worker_threads'
import { readBatch, type BatchRequest } from './read-batch.ts'

parentPort?.on('message', ({ id, now, entries }: BatchRequest & { readonly id: number }) => {
  parentPort?.postMessage({ id, read: readBatch({ now, entries }) })
})
