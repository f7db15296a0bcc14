/**
 * Finding an order whose URL was lost, in the account's list (RFC 8555 §7.1.2.1).
 *
 * @module
 */
import { findOrdersUrl } from './account.ts'
import type { AcmeAccount, AcmeClient } from './client.ts'
import { listOrderUrls, readOrder } from './order.ts'
import type { AcmeOrder } from './order.ts'
import { AcmeProblem } from './problem.ts'

/** Orders read at once. */
const BATCH = 8
/** An order that was lost is among the newest; older ones are not looked at. */
const MAX_READ = 400

/**
 * The newest `pending` or `ready` order for exactly these names that `isWanted` accepts; null when there is none, or when the CA
 * offers no list. CAs list their newest orders last, so the list is read from its end.
 */
export async function findOpenOrder(
  client: AcmeClient,
  account: AcmeAccount,
  names: readonly string[],
  isWanted: (order: AcmeOrder) => boolean,
): Promise<AcmeOrder | null> {
  const ordersUrl = await findOrdersUrl(client, account)
  if (ordersUrl === null) return null
  const urls: string[] = []
  for await (const url of listOrderUrls(client, account, ordersUrl)) urls.push(url)
  const newest = urls.toReversed().slice(0, MAX_READ)
  for (let at = 0; at < newest.length; at += BATCH) {
    const orders = await Promise.all(newest.slice(at, at + BATCH).map((url) => readIfThere(client, account, url)))
    const found = orders.find((order) => order !== null && isOpen(order) && isSameSet(order.names, names) && isWanted(order))
    if (found) return found
  }
  return null
}

/** A list may name orders that the CA has forgotten. */
async function readIfThere(client: AcmeClient, account: AcmeAccount, url: string): Promise<AcmeOrder | null> {
  try {
    return await readOrder(client, account, url)
  } catch (error) {
    if (error instanceof AcmeProblem && error.status === 404) return null
    throw error
  }
}

function isOpen(order: AcmeOrder): boolean {
  return order.status === 'pending' || order.status === 'ready'
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  const wanted = new Set(others.map((name) => name.toLowerCase()))
  return new Set(some).size === wanted.size && some.every((name) => wanted.has(name))
}
