/**
 * Where in a form a fault is shown that the service names by a path of its own.
 *
 * @module
 */
export type FieldPath = (string | number)[]

/** A field of a form by the path that the service gave: numbers are positions of a list, and settings stand under `config`. */
export function placeOf(path: readonly string[], known: readonly FieldPath[]): FieldPath | null {
  const parts: FieldPath = path.map((part) => (/^\d+$/.test(part) ? Number(part) : part))
  const isKnown = (place: FieldPath): boolean => known.some((name) => name.join('.') === place.join('.'))
  for (const prefix of [[], ['config']]) {
    for (let length = parts.length; length > 0; length -= 1) {
      const place = [...prefix, ...parts.slice(0, length)]
      if (isKnown(place)) return place
    }
  }
  return null
}
