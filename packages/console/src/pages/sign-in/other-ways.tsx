/**
 * What this installation offers beside passwords; nothing as long as that is not known.
 *
 * @module
 */
import { useMutation, useQuery } from '@tanstack/react-query'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { hasPasskeys, signInByPasskey } from '../../api/passkeys.ts'
import { signInByProvider } from '../../api/sign-in.ts'
import { writeTabToken } from '../../api/tab-token.ts'
import { DeviceProblem } from '../../components/device-problem.tsx'

interface OtherWaysProps {
  /** A path of the console. */
  readonly next: string
  /** What was typed on the page below is lost when a provider leads away from it. */
  readonly isOverPage: boolean
  readonly onEntered: () => void
}

export function OtherWays({ next, isOverPage, onEntered }: OtherWaysProps) {
  const { t } = useTranslation()
  const ways = useQuery({ queryKey: keys.signInWays, queryFn: () => api.signInWays.get(), staleTime: Infinity })
  const byPasskey = useMutation({
    mutationFn: signInByPasskey,
    onSuccess: () => {
      writeTabToken(null)
      onEntered()
    },
  })
  const byProvider = useMutation({ mutationFn: (provider: string) => signInByProvider(provider, next) })
  const offersPasskeys = ways.data?.passkeys === true && hasPasskeys()
  const providers = ways.data?.providers ?? []
  if (!offersPasskeys && providers.length === 0) return null
  return (
    <div className="other-ways">
      <p className="or muted">{t('signIn.or')}</p>
      <DeviceProblem error={byPasskey.error ?? byProvider.error} />
      {offersPasskeys && (
        <Button block loading={byPasskey.isPending} onClick={() => byPasskey.mutate()}>
          {t('signIn.byPasskey')}
        </Button>
      )}
      {providers.map(({ id, title }) => (
        <Button
          key={id}
          block
          loading={byProvider.isPending && byProvider.variables === id}
          onClick={() => byProvider.mutate(id)}
        >
          {t('signIn.byProvider', { title })}
        </Button>
      ))}
      {isOverPage && providers.length > 0 && <p className="muted">{t('signIn.endedByProvider')}</p>}
    </div>
  )
}
