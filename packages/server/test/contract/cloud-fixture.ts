/**
 * What the fixtures of cloud providers have in common: stored pairs that are checked as they come in, and the arithmetic of signatures.
 *
 * @module
 */
import { createHash, createHmac, createPrivateKey, X509Certificate } from 'node:crypto'
import type { NextChange } from './cloud-contract.ts'

export const hash = (data: string) => createHash('sha256').update(data).digest('hex')
export const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()

export interface StoredPair {
  readonly id: number
  readonly name: string
  readonly pem: string
  readonly sha256: string
}

/** @throws Error when it is no certificate with its own key */
export function readStored(id: number, name: string, pem: string, keyPem: string): StoredPair {
  const leaf = new X509Certificate(pem)
  if (!leaf.checkPrivateKey(createPrivateKey(keyPem))) throw new Error('the key is not that of the certificate')
  return { id, name, pem, sha256: leaf.fingerprint256.replaceAll(':', '').toLowerCase() }
}

/** Complaints are faults of ours: a request that the real API would refuse for its form. */
export class Complaint extends Error {}

export interface CloudState {
  /** Whether uploads cannot be removed now. */
  refusesRemoval?: boolean
  next: NextChange | null
  readonly complaints: string[]
  lastId: number
}

/** RFC 3986, as signatures want it. */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}

export function need(parameters: Readonly<Record<string, unknown>>, name: string): string {
  const value = parameters[name]
  if (typeof value !== 'string' || value === '') throw new Complaint(`${name} is missing`)
  return value
}
