/**
 * What an entry is about: a link to it where the console shows it.
 *
 * @module
 */
import { Link } from 'wouter'
import { placeOfSubject } from './audit-words.ts'

export function Subject({ id }: { readonly id: string | null }) {
  if (id === null) return '–'
  const place = placeOfSubject(id)
  return place === null ? (
    <span className="mono break">{id}</span>
  ) : (
    <Link href={place} className="mono break">
      {id}
    </Link>
  )
}
