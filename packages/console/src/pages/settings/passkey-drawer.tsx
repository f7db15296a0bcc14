/**
 * Registering a passkey: its name and the password here, the rest between browser and device.
 *
 * @module
 */
import type { UserView } from '@evercert/contract'
import { ApiProblem } from '@evercert/contract/client'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import { useTranslation } from 'react-i18next'
import { keys } from '../../api/keys.ts'
import { registerPasskey } from '../../api/passkeys.ts'
import { DeviceProblem } from '../../components/device-problem.tsx'
import { FormDrawer } from '../../components/form-drawer.tsx'
import type { Editing } from '../../components/use-editing.ts'
import { deviceOf } from './device.ts'
import { PasskeyNameField } from './passkey-name-field.tsx'
import { OwnName, PresentPassword } from './present-password.tsx'

interface Values {
  readonly name: string
  readonly password?: string
}

export function PasskeyDrawer({ user, editing }: { readonly user: UserView; readonly editing: Editing<null> }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const queries = useQueryClient()
  const register = useMutation({
    mutationFn: ({ name, password }: Values) => registerPasskey(name, password ?? null),
    onSuccess: async () => {
      editing.close()
      await queries.invalidateQueries({ queryKey: keys.passkeys })
    },
  })
  const isWrongPassword = register.error instanceof ApiProblem && register.error.problem.code === 'signInRefused'
  return (
    <FormDrawer<Values>
      form={form}
      title={t('passkeys.add')}
      intro={user.hasPassword ? t('passkeys.addIntro') : t('passkeys.addWithoutPassword')}
      submit={t('passkeys.goOn')}
      isOpen={editing.isOpen}
      isPending={register.isPending}
      error={null}
      initialValues={{ name: deviceOf(navigator.userAgent) ?? '' }}
      onSubmit={(values) => register.mutate(values)}
      onClose={editing.close}
    >
      {!isWrongPassword && <DeviceProblem error={register.error} />}
      <PasskeyNameField />
      {user.hasPassword && (
        <>
          <OwnName email={user.email} />
          <PresentPassword error={register.error} />
        </>
      )}
    </FormDrawer>
  )
}
