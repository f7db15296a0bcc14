/**
 * The certificate that something belongs to, by its name; by its id until the name is here.
 *
 * @module
 */
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { api } from '../api/client.ts'
import { keys } from '../api/keys.ts'

const FRESH_MS = 60_000

/** Several links to one certificate ask once. */
export function CertificateLink({ id }: { readonly id: string }) {
  const query = { search: id, limit: 1 } as const
  const found = useQuery({
    queryKey: keys.list(query),
    queryFn: () => api.certificates.list(query),
    staleTime: FRESH_MS,
  })
  const name = found.data?.items.find((certificate) => certificate.id === id)?.name
  return <Link href={`/certificates/${encodeURIComponent(id)}`}>{name ?? (found.isPending ? '…' : id)}</Link>
}
