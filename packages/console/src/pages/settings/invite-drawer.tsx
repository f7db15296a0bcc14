/**
 * Inviting somebody: the link is shown once, and passed on by whoever invites.
 *
 * @module
 */
import { MEMBER_ROLES, type MemberRole } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Radio from 'antd/es/radio'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { FormDrawer } from '../../components/form-drawer.tsx'
import { FreshDialog, needsFresh } from '../../components/fresh-dialog.tsx'

interface Values {
  readonly email: string
  readonly role: MemberRole
}

export interface MadeInvitation {
  readonly email: string
  readonly link: string
}

interface InviteDrawerProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onMade: (made: MadeInvitation) => void
}

export function InviteDrawer({ isOpen, onClose, onMade }: InviteDrawerProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const queries = useQueryClient()
  const invite = useMutation({
    mutationFn: ({ email, role }: Values) => api.invitations.create({ email: email.trim(), role }),
    onSuccess: async ({ email, link }) => {
      onMade({ email, link })
      await queries.invalidateQueries({ queryKey: keys.invitations })
    },
  })
  return (
    <FormDrawer<Values>
      form={form}
      title={t('settings.invite')}
      intro={t('settings.inviteIntro')}
      submit={t('settings.invite')}
      isOpen={isOpen}
      isPending={invite.isPending}
      error={needsFresh(invite.error) ? null : invite.error}
      initialValues={{ role: 'viewer' }}
      onSubmit={(values) => invite.mutate(values)}
      onClose={onClose}
    >
      <Form.Item
        name="email"
        label={t('signIn.email')}
        rules={[{ required: true, type: 'email', message: t('signIn.emailMissing') }]}
      >
        <Input type="email" autoComplete="off" maxLength={254} />
      </Form.Item>
      <Form.Item name="role" label={t('settings.role')}>
        <Radio.Group
          className="scopes"
          options={MEMBER_ROLES.map((value) => ({
            value,
            label: (
              <>
                {t(`terms.role.${value}`)} <span className="muted">{t(`settings.roleMeanings.${value}`)}</span>
              </>
            ),
          }))}
        />
      </Form.Item>
      {needsFresh(invite.error) && <FreshDialog purpose="goOn" onConfirmed={() => form.submit()} onClose={invite.reset} />}
    </FormDrawer>
  )
}
