/**
 * What is wrong with a deployment: cause and remedy in the language of the page, then the target's own words.
 *
 * @module
 */
import type { TargetView } from '@evercert/contract'
import { useTranslation } from 'react-i18next'
import { pick } from '../i18n/i18n.ts'
import { joinSentences } from './join-list.ts'
import { TechnicalDetail } from './technical-detail.tsx'

export function DeploymentProblem({ deployment }: { readonly deployment: TargetView['deployment'] }) {
  const { t } = useTranslation()
  if (deployment === null) return null
  const { advice, problem, warning } = deployment
  if (problem === null)
    return warning === null ? null : (
      <>
        <p className="muted">{t('terms.earlierUploadLeft')}</p>
        <TechnicalDetail text={warning} />
      </>
    )
  return (
    <>
      {advice !== null && <p className="form-fault">{joinSentences([pick(advice.cause), pick(advice.remedy)])}</p>}
      <TechnicalDetail text={problem} />
    </>
  )
}
