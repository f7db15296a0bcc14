/**
 * The contract's schemas as rules of a form: what the service would refuse is said beside the field before it is sent.
 *
 * @module
 */
import type { Rule } from 'antd/es/form'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { z } from 'zod'

type Issue = z.core.$ZodIssue

/** A rule for a field of text; what is not filled in is the empty text. */
export function useSchemaRule(): (schema: z.ZodType) => Rule {
  const { t } = useTranslation()
  return (schema) => ({
    validator: async (_, value: unknown) => {
      const { error } = await schema.safeParseAsync(value ?? '')
      const [issue] = error?.issues ?? []
      if (issue !== undefined) throw new Error(issueText(t, issue, value))
    },
  })
}

function issueText(t: TFunction, issue: Issue, value: unknown): string {
  if (value === undefined || value === null || (typeof value === 'string' && value.trim() === '')) return t('forms.required')
  if (issue.code === 'too_small') return t('forms.tooShort', { count: Number(issue.minimum) })
  if (issue.code === 'too_big') return t('forms.tooLong', { count: Number(issue.maximum) })
  if (issue.code !== 'invalid_format') return t('forms.wrong')
  if (issue.format === 'url') return t('fields.badUrl')
  return issue.format === 'email' ? t('forms.email') : t('forms.wrong')
}

/** The fields that an operation of the contract takes, each with its schema. */
export function inputFields<Shape extends z.core.$ZodShape>(operation: {
  readonly '~orpc': { readonly inputSchema?: z.ZodObject<Shape, z.core.$ZodObjectConfig> | undefined }
}): Shape {
  const { inputSchema } = operation['~orpc']
  if (inputSchema === undefined) throw new Error('the operation takes no input')
  return inputSchema.shape
}
