/**
 * The session has ended while somebody worked: they sign in again over the page, and go on where they were.
 *
 * @module
 */
import { ApiProblem } from '@evercert/contract/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Modal from 'antd/es/modal'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { goOnWithSession, putAway } from '../../api/session-end.ts'
import { writeTabAccount } from '../../api/tab-account.ts'
import { useMe } from '../../api/use-me.ts'
import { personOf } from '../../app/kept-drafts.ts'
import { overlayPlace } from '../../components/overlay-place.ts'
import '../../components/page.css'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { SignInWays } from './sign-in-ways.tsx'
import './sign-in-page.css'

/** Over the drawers, which have 1000. */
const Z_INDEX = 1100

export function SessionEndDialog() {
  const { t } = useTranslation()
  const enter = useEnterAgain()
  const email = useMe(false).data?.user?.email
  return (
    <Modal
      className="dialog"
      title={t('signIn.endedTitle')}
      open
      footer={null}
      width={420}
      zIndex={Z_INDEX}
      mask={{ closable: false }}
      onCancel={putAway}
      getContainer={overlayPlace}
    >
      <p>{t('signIn.endedText')}</p>
      <ProblemNotice error={enter.error} />
      <SignInWays
        next={location.pathname + location.search}
        isOverPage
        {...(email !== undefined && { email })}
        onEntered={() => enter.mutate()}
      />
    </Modal>
  )
}

/** The same person goes on; of somebody else nothing may stay, so that the tab begins anew. */
function useEnterAgain() {
  const queries = useQueryClient()
  const { data: before } = useMe(false)
  return useMutation({
    mutationFn: async () => {
      const me = await api.me.get().catch((error: unknown) => {
        if (error instanceof ApiProblem && error.problem.code === 'notFound') return null // in an account that is closed to them
        throw error
      })
      const isSame = me !== null && personOf(me) === personOf(before) && me.account?.id === before?.account?.id
      if (!isSame) {
        writeTabAccount(null)
        location.assign('/')
        return
      }
      queries.setQueryData(keys.me, me)
      goOnWithSession()
      void queries.invalidateQueries()
    },
  })
}
