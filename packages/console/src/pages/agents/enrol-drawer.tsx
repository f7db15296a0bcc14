/**
 * Making the one line with which a host becomes an agent.
 *
 * @module
 */
import { useMutation } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import InputNumber from 'antd/es/input-number'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { FormDrawer } from '../../components/form-drawer.tsx'
import { FreshDialog, needsFresh } from '../../components/fresh-dialog.tsx'

interface Values {
  readonly name: string
  readonly validMinutes: number
}

export interface Enrolment {
  readonly name: string
  readonly command: string
  readonly expiresAt: string
}

interface EnrolDrawerProps {
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onMade: (made: Enrolment) => void
}

const MAX_NAME = 64
const USUAL_MINUTES = 30
const DAY_MINUTES = 1_440

export function EnrolDrawer({ isOpen, onClose, onMade }: EnrolDrawerProps) {
  const { t } = useTranslation()
  const [form] = Form.useForm<Values>()
  const make = useMutation({
    mutationFn: (values: Values) => api.agents.createEnrolment(values),
    onSuccess: ({ name, command, expiresAt }) => onMade({ name, command, expiresAt }),
  })
  return (
    <FormDrawer<Values>
      form={form}
      title={t('agents.enrol')}
      intro={t('agents.enrolIntro')}
      submit={t('agents.enrol')}
      isOpen={isOpen}
      isPending={make.isPending}
      error={needsFresh(make.error) ? null : make.error}
      initialValues={{ validMinutes: USUAL_MINUTES }}
      onSubmit={(values) => make.mutate(values)}
      onClose={onClose}
    >
      <Form.Item
        name="name"
        label={t('agents.name')}
        extra={t('agents.nameHelp')}
        rules={[
          { required: true, message: t('fields.required') },
          { pattern: /^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$/, message: t('agents.badName') },
        ]}
      >
        <Input maxLength={MAX_NAME} autoComplete="off" spellCheck={false} autoCapitalize="none" />
      </Form.Item>
      <Form.Item
        name="validMinutes"
        label={t('agents.validMinutes')}
        extra={t('agents.validMinutesHelp')}
        rules={[{ required: true, message: t('fields.required') }]}
      >
        <InputNumber min={1} max={DAY_MINUTES} precision={0} />
      </Form.Item>
      {needsFresh(make.error) && <FreshDialog purpose="goOn" onConfirmed={() => form.submit()} onClose={make.reset} />}
    </FormDrawer>
  )
}
