/**
 * What is wrong with a deployment: cause and remedy in the language of the page, then the target's own words. Of one that is in order, what is to be
 * known.
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
  const { advice, problem, warning, unprovable } = deployment
  if (problem === null)
    return (
      <>
        {unprovable !== null && <p className="muted">{pick(unprovable)}</p>}
        {warning !== null && <p className="muted">{t('terms.earlierUploadLeft')}</p>}
        {warning !== null && <TechnicalDetail text={warning} />}
      </>
    )
  return (
    <>
      {advice !== null && <p className="form-fault">{joinSentences([pick(advice.cause), pick(advice.remedy)])}</p>}
      <TechnicalDetail text={problem} />
    </>
  )
}
