/**
 * The facts of a failure that its remedy speaks of: which certificate, until when, what uses it.
 *
 * @module
 */
import type { ProblemDocument } from '@evercert/contract'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { CertificateLink } from './certificate-link.tsx'
import { Facts } from './facts.tsx'
import { joinList } from './join-list.ts'
import { Moment } from './moment.tsx'

const MOMENTS = ['opensAt', 'reissueOpensAt', 'entitledUntil', 'refundableUntil'] as const
const LISTS = ['targets', 'endpoints', 'renewals', 'application', 'names', 'tags', 'brands', 'secrets'] as const
const INSTEAD = [
  'cancel',
  'cancelWithoutRefund',
  'withdraw',
  'refund',
  'revoke',
  'delete',
  'deleteWithoutRefund',
  'stopManaging',
  'wait',
  'submit',
] as const

export function ProblemFacts({ of: facts }: { readonly of: ProblemDocument['facts'] }) {
  const { t } = useTranslation()
  const { certificateId, scope, possible } = facts
  // What to do about each domain stands beside the field.
  const lists = 'adviceZh' in facts ? LISTS.filter((key) => key !== 'names') : LISTS
  const instead = INSTEAD.filter((each) => Array.isArray(possible) && possible.includes(each))
  const items: (readonly [string, ReactNode])[] = [
    ...(typeof certificateId === 'string'
      ? [[t('problem.facts.certificateId'), <CertificateLink key="certificate" id={certificateId} />] as const]
      : []),
    ...MOMENTS.flatMap((key) => {
      const at = facts[key]
      return typeof at === 'string' ? [[t(`problem.facts.${key}`), <Moment key={key} at={at} />] as const] : []
    }),
    ...lists.flatMap((key) => {
      const list = facts[key]
      return Array.isArray(list) && list.length > 0 ? [[t(`problem.facts.${key}`), joinList(list.map(String))] as const] : []
    }),
    ...(typeof scope === 'string' ? [[t('problem.facts.scope'), <code key="scope">{scope}</code>] as const] : []),
    ...(instead.length > 0
      ? [[t('problem.facts.possible'), joinList(instead.map((each) => t(`problem.instead.${each}`)))] as const]
      : []),
  ]
  return items.length === 0 ? null : <Facts items={items} />
}
