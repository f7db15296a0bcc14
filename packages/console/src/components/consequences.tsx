/**
 * What an action will do, thing by thing, said before it is done.
 *
 * @module
 */
import './page.css'

export function Consequences({ items }: { readonly items: readonly string[] }) {
  if (items.length === 0) return null
  return (
    <ul className="consequences">
      {items.map((item) => (
        <li key={item}>{item}</li>
      ))}
    </ul>
  )
}
