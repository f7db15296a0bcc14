/**
 * The built-in CA's memory for tests, with the promises of the database's: inserted once by reference, changed by compare-and-set,
 * everything that goes in or out is a copy.
 *
 * @module
 */
import type { BuiltinAuthority, BuiltinCaStore, BuiltinOrder } from '../../src/ports/kit.ts'

export function createMemoryCaStore(): BuiltinCaStore {
  const authorities = new Map<string, Promise<BuiltinAuthority>>()
  const orders = new Map<string, BuiltinOrder>()

  const all = (authorityId: string) => [...orders.values()].filter((order) => order.authorityId === authorityId)
  return {
    async loadOrCreateAuthority(authorityId, make) {
      const known = authorities.get(authorityId)
      if (known) return structuredClone(await known)
      const made = make()
      authorities.set(authorityId, made)
      made.catch(() => authorities.delete(authorityId))
      return structuredClone(await made)
    },
    async insertOrder(order) {
      const known = all(order.authorityId).find(({ reference }) => reference === order.reference)
      if (!known) orders.set(order.id, structuredClone(order))
      return structuredClone(known ?? order)
    },
    async loadOrder(authorityId, id) {
      const order = orders.get(id)
      return order?.authorityId === authorityId ? structuredClone(order) : null
    },
    async updateOrder(order) {
      const known = orders.get(order.id)
      if (known?.version !== order.version) return false
      const serialTaken = [...orders.values()].some(
        ({ id, serialHex }) => id !== order.id && serialHex !== null && serialHex === order.serialHex,
      )
      if (serialTaken) throw new Error('a serial was used twice')
      orders.set(order.id, structuredClone({ ...order, version: order.version + 1 }))
      return true
    },
    async findIssued(authorityId, serialHex) {
      const order = all(authorityId).find((each) => each.state === 'issued' && each.serialHex === serialHex)
      return order ? structuredClone(order) : null
    },
    async listRevoked(authorityId) {
      return all(authorityId).flatMap(({ serialHex, revokedAt, revocationReason }) =>
        serialHex !== null && revokedAt !== null ? [{ serialHex, revokedAt, reason: revocationReason ?? 0 }] : [],
      )
    },
  }
}
