/**
 * What the service says of single fields, shown beside them. Nothing that was typed is lost.
 *
 * @module
 */
import type { FormInstance } from 'antd/es/form'
import { useEffect } from 'react'
import { fieldFaults } from './problem-notice.tsx'

type Path = (string | number)[]

/** A field of a form by the path that the service gave: numbers are positions of a list, and settings stand under `config`. */
export function placeOf(path: readonly string[], known: readonly Path[]): Path | null {
  const parts: Path = path.map((part) => (/^\d+$/.test(part) ? Number(part) : part))
  const isKnown = (place: Path): boolean => known.some((name) => name.join('.') === place.join('.'))
  for (const prefix of [[], ['config']]) {
    for (let length = parts.length; length > 0; length -= 1) {
      const place = [...prefix, ...parts.slice(0, length)]
      if (isKnown(place)) return place
    }
  }
  return null
}

/** Sets the faults of an error at the fields that they are about, and brings the first into view. */
export function useFormFaults(form: FormInstance, error: unknown): void {
  useEffect(() => {
    const known = form.getFieldsError().map(({ name }) => name as Path)
    const faults = fieldFaults(error)
      .map(({ name, errors }) => ({ name: placeOf(name, known), errors }))
      .filter((fault): fault is { name: Path; errors: string[] } => fault.name !== null)
    if (faults.length === 0) return
    form.setFields(faults)
    const [first] = faults
    if (first !== undefined) form.scrollToField(first.name, { block: 'center' })
  }, [form, error])
}
