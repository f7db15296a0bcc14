/**
 * What a failure says of single fields, for a form to show beside them.
 *
 * @module
 */
import { ApiProblem } from '@evercert/contract/client'
import i18n from 'i18next'
import { currentLanguage } from '../i18n/i18n.ts'
import { faultsOf, type FieldFault } from './faults-of.ts'

export function fieldFaults(error: unknown): FieldFault[] {
  if (!(error instanceof ApiProblem)) return []
  return faultsOf(error.problem, currentLanguage(), (fault) => i18n.t('problem.fieldFault', { fault }))
}
