/**
 * How far a renewal is.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { STEPS, type ProcessStep } from './step-of.ts'

const OF_APPLICATION = STEPS.slice(2)

export function ProcessBar({ step, isRenewal }: { readonly step: ProcessStep; readonly isRenewal: boolean }) {
  const { t } = useTranslation()
  const steps: readonly ProcessStep[] = isRenewal ? STEPS : OF_APPLICATION
  const current = steps.indexOf(step)
  return (
    <ol className="process" aria-label={t('renewal.progress')}>
      {steps.map((each, index) => (
        <li
          key={each}
          data-state={index < current || step === 'proved' ? 'done' : index === current ? 'current' : 'ahead'}
          aria-current={index === current ? 'step' : undefined}
        >
          {t(`renewal.steps.${each}`)}
        </li>
      ))}
    </ol>
  )
}
