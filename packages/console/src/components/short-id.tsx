/**
 * A long id where there is no room for all of it: its kind and its end, by which people tell ids apart.
 *
 * @module
 */
const SHOWN = 6

export function ShortId({ id }: { readonly id: string }) {
  const kind = id.slice(0, id.indexOf('_') + 1)
  return (
    <span className="mono nowrap" title={id}>
      <span aria-hidden>
        {kind}…{id.slice(-SHOWN)}
      </span>
      <span className="visually-hidden">{id}</span>
    </span>
  )
}
