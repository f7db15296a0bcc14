/**
 * Reads a batch of uploads: plain data in and out, so that another thread may do it.
 *
 * @module
 */
import type { ProblemCode } from '@evercert/contract'
import { AppError } from '../../domain/errors.ts'
import { createUploadReader, type CheckedUpload, type Upload } from './read-upload.ts'

export interface BatchRequest {
  readonly now: number
  readonly entries: readonly Upload[]
}

/** An AppError as plain data. */
interface Refusal {
  readonly code: ProblemCode
  readonly detail: string
  readonly facts: AppError['facts']
}

export type Read = { readonly upload: CheckedUpload } | { readonly refusal: Refusal }

export function readBatch({ now, entries }: BatchRequest): Read[] {
  const readUpload = createUploadReader(now)
  return entries.map((entry) => {
    try {
      return { upload: readUpload(entry) }
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      return { refusal: { code: error.code, detail: error.message, facts: error.facts } }
    }
  })
}
