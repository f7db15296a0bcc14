/**
 * Certificates and orders by name, as the service finds them.
 *
 * @module
 */
import type { CertificateView, OrderView, Scope } from '@evercert/contract'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { TFunction } from 'i18next'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { formatMoment } from '../../components/moment.tsx'
import { formatMoney } from '../../components/money.ts'
import { pick } from '../../i18n/i18n.ts'
import { matches, type Entry } from './palette-entries.ts'

const SHOWN = 6
/** Newest orders that are searched by the name of their product. */
const ORDERS = 100
const MIN_LENGTH = 2
/** Somebody types on within this time. */
const PAUSE_MS = 150
const FRESH_MS = 30_000

interface Found {
  readonly entries: readonly Entry[]
  readonly isSearching: boolean
  readonly error: unknown
}

export function useFound(text: string, go: (path: string) => void, scopes: ReadonlySet<Scope>): Found {
  const { t } = useTranslation()
  const wanted = useSettled(text)
  const isLong = wanted.length >= MIN_LENGTH
  const mayOrder = isLong && scopes.has('orders:read')
  const certificates = useQuery({
    queryKey: keys.list({ palette: wanted }),
    queryFn: () => api.certificates.list({ search: wanted, limit: SHOWN }),
    enabled: isLong && scopes.has('certificates:read'),
    placeholderData: keepPreviousData,
  })
  const newest = useNewestOrders(mayOrder)
  if (!isLong) return { entries: [], isSearching: text !== wanted, error: null }
  const found = certificates.data?.items ?? []
  const byName = mayOrder ? ordersOf(found, { t, go }) : []
  const byProduct = newest
    .map(({ order, title }) => toOrderEntry(order, title, { t, go }))
    .filter((entry) => matches(entry, wanted) && !byName.some(({ id }) => id === entry.id))
  return {
    entries: [
      ...found.flatMap((certificate) => toEntries(certificate, { t, go, scopes })),
      ...[...byName, ...byProduct].slice(0, SHOWN),
    ],
    isSearching: text !== wanted || certificates.isFetching,
    error: certificates.error,
  }
}

/** With the titles of their products. */
function useNewestOrders(enabled: boolean): { readonly order: OrderView; readonly title: string }[] {
  const orders = useQuery({
    queryKey: [...keys.orders, 'newest'],
    queryFn: () => api.orders.list({ limit: ORDERS }),
    enabled,
    staleTime: FRESH_MS,
  })
  const products = useQuery({
    queryKey: keys.products,
    queryFn: () => api.products.list(),
    enabled,
    staleTime: FRESH_MS,
  })
  const titles = new Map((products.data?.items ?? []).map(({ id, title }) => [id, pick(title)]))
  const items = enabled ? (orders.data?.items ?? []) : []
  return items.map((order) => ({ order, title: titles.get(order.productId) ?? order.productId }))
}

function useSettled(text: string): string {
  const [settled, setSettled] = useState(text)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}

interface Needs {
  readonly t: TFunction
  readonly go: (path: string) => void
}

function toEntries(certificate: CertificateView, { t, go, scopes }: Needs & { readonly scopes: ReadonlySet<Scope> }): Entry[] {
  const { id, name, statusText, notAfter, renewal } = certificate
  const place = `/certificates/${encodeURIComponent(id)}`
  const until = notAfter === null ? '' : ` · ${t('palette.until', { day: formatMoment(notAfter, 'day') })}`
  const one: Entry = {
    id: `certificate ${id}`,
    group: 'certificates',
    label: name,
    note: `${pick(statusText)}${until}`,
    run: () => go(place),
  }
  if (!renewal.eligible || renewal.action !== 'renew' || !scopes.has('orders:write')) return [one]
  const renew = { ...one, id: `renew ${id}`, label: t('palette.renewOne', { name }), run: () => go(`${place}/renewal`) }
  return [one, renew]
}

/** An order has no name of its own: people look for it by the certificate that it paid for. */
function ordersOf(certificates: readonly CertificateView[], { t, go }: Needs): Entry[] {
  return certificates.flatMap(({ orderId, name }) => {
    if (orderId === null) return []
    const run = (): void => go(`/orders/${encodeURIComponent(orderId)}`)
    return [
      { id: `order ${orderId}`, group: 'orders', label: t('palette.orderOf', { name }), note: orderId, run } satisfies Entry,
    ]
  })
}

function toOrderEntry({ id, price, placedAt, state }: OrderView, title: string, { t, go }: Needs): Entry {
  return {
    id: `order ${id}`,
    group: 'orders',
    label: title,
    note: `${formatMoney(price)} · ${t(`orders.states.${state}`)} · ${formatMoment(placedAt, 'day')}`,
    words: id,
    run: () => go(`/orders/${encodeURIComponent(id)}`),
  }
}
