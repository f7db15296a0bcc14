/**
 * Which step is done, which is next, and where each is done.
 *
 * @module
 */
import type { FirstStep, FirstSteps } from '@evercert/contract'

export interface TourStep {
  readonly step: FirstStep
  readonly state: 'done' | 'now' | 'later'
}

/** The first that is not done is next, whatever of those after it is done already. */
export function stepStates({ steps }: Pick<FirstSteps, 'steps'>): TourStep[] {
  const next = steps.find(({ isDone }) => !isDone)?.step
  return steps.map(({ step, isDone }) => ({ step, state: isDone ? 'done' : step === next ? 'now' : 'later' }))
}

/** @param certificateId the certificate that is furthest; null: none is here */
export function placeOf(step: FirstStep, certificateId: string | null): string {
  if (step === 'certificate' || certificateId === null) return '/upload'
  const place = `/certificates/${certificateId}`
  switch (step) {
    case 'issued':
      return `${place}/application`
    case 'site':
      return `${place}#targets`
    case 'renewed':
      return place
    case 'proved':
      return '/receipts'
  }
}
