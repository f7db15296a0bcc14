/**
 * What the service says of single fields, shown beside them. Nothing that was typed is lost.
 *
 * @module
 */
import type { FormInstance } from 'antd/es/form'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { placeOf, type FieldPath } from './field-place.ts'
import { fieldFaults } from './field-faults.ts'

/** Sets the faults of an error at the fields that they are about, and leads to the first. */
export function useFormFaults(form: FormInstance, error: unknown): void {
  useEffect(() => {
    const known = form.getFieldsError().map(({ name }) => name as FieldPath)
    const faults = fieldFaults(error)
      .map(({ name, errors }) => ({ name: placeOf(name, known), errors }))
      .filter((fault): fault is { name: FieldPath; errors: string[] } => fault.name !== null)
    if (faults.length === 0) return
    form.setFields(faults)
    const [first] = faults
    if (first !== undefined) form.scrollToField(first.name, { block: 'center', focus: true })
  }, [form, error])
  useFaultsInLanguage(form)
}

/** What a form keeps of faults is in the language that it was found in. */
function useFaultsInLanguage(form: FormInstance): void {
  const { language } = useTranslation().i18n
  const said = useRef(language)
  useEffect(() => {
    if (said.current === language) return
    said.current = language
    const wrong = form.getFieldsError().filter(({ errors }) => errors.length > 0)
    if (wrong.length > 0) void form.validateFields(wrong.map(({ name }) => name)).catch(() => undefined) // it says so itself
  }, [form, language])
}
