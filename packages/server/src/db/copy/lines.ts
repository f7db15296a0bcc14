/**
 * What a copy of the whole database is made of: lines of JSON, one row each, the same whichever database wrote them.
 *
 *     {"table":"account","columns":[["id","text"],…]}
 *     ["acc_…", …]                       every value as PostgreSQL writes it as text, null as null
 *     {"rows":1,"digest":"…64 hex digits"}
 *
 * @module
 */
import { createHash } from 'node:crypto'

/** Name and PostgreSQL type, such as `timestamp with time zone`. */
export type CopyColumn = readonly [name: string, type: string]

export interface TableStart {
  readonly table: string
  readonly columns: readonly CopyColumn[]
}

export interface TableEnd {
  readonly rows: number
  /** {@link RowDigest} of the rows. */
  readonly digest: string
}

const MODULUS = 1n << 256n

/** A sum over the SHA-256 of each row: rows in another order give the same, a row more, less or altered gives another. */
export class RowDigest {
  #sum = 0n
  #rows = 0

  add(line: string): void {
    this.#sum = (this.#sum + BigInt(`0x${createHash('sha256').update(line).digest('hex')}`)) % MODULUS
    this.#rows += 1
  }

  get end(): TableEnd {
    return { rows: this.#rows, digest: this.#sum.toString(16).padStart(64, '0') }
  }
}
