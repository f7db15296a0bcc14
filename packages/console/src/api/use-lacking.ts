/**
 * Which permission somebody lacks for an operation, as the contract declares it: what cannot be done says so before it is tried.
 *
 * @module
 */
import { contract, type Contract, type OperationMeta } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { useMe } from './use-me.ts'

/** `members.changeRole`. */
export type Operation = { [Group in keyof Contract]: `${Group}.${keyof Contract[Group] & string}` }[keyof Contract]

/** Why it cannot be called; null: it can, or it is not known yet who calls. */
export function useLacking(operation: Operation): string | null {
  const { t } = useTranslation()
  const { data: me } = useMe()
  const scope = metaOf(operation).scope
  return me === undefined || scope === null || me.scopes.includes(scope) ? null : t('problem.lacking', { scope })
}

function metaOf(operation: Operation): Pick<OperationMeta, 'scope'> {
  const [group = '', member = ''] = operation.split('.')
  const members = contract[group as keyof Contract] as unknown as Readonly<
    Record<string, { readonly '~orpc': { readonly meta: { readonly operation?: OperationMeta } } }>
  >
  return members[member]?.['~orpc'].meta.operation ?? { scope: null }
}
