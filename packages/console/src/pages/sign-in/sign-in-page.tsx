/**
 * Signing in, and back to where one was.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'wouter'
import { SignInFrame } from './sign-in-frame.tsx'
import { SignInWays } from './sign-in-ways.tsx'
import { SingleSignOnFault } from './single-sign-on-fault.tsx'
import { useEnter } from './use-enter.ts'

/** Only a path of our own: a link that signs people in must not lead them to another site. */
function placeOf(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : '/'
}

export function SignInPage() {
  const { t } = useTranslation()
  const [params] = useSearchParams()
  const enter = useEnter()
  const next = placeOf(params.get('next'))
  return (
    <SignInFrame title={t('signIn.title')}>
      <SingleSignOnFault fault={params.get('fault')} />
      {/* Back from a provider whose second factor does not count here. */}
      <SignInWays next={next} isAtSecondFactor={params.get('step') === 'secondFactor'} onEntered={() => enter(next)} />
    </SignInFrame>
  )
}
