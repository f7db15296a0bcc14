import { PkiError } from '../src/index.ts'

/** The code of the PkiError that the call throws; `none` when it throws nothing. Anything else that is thrown passes. */
export function codeOf(call: () => unknown): string {
  try {
    call()
    return 'none'
  } catch (error) {
    if (error instanceof PkiError) return error.code
    throw error
  }
}

/** The same for a promise. */
export async function codeOfPromise(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'none'
  } catch (error) {
    if (error instanceof PkiError) return error.code
    throw error
  }
}
