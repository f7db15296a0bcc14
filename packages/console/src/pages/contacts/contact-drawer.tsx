/**
 * A contact in full: to add one, or to change one.
 *
 * @module
 */
import { contact as contactSchema, type Contact } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { fieldFaults } from '../../components/field-faults.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { QueryView } from '../../components/query-view.tsx'
import { RecordDrawer, useFormId } from '../../components/record-drawer.tsx'
import { useSchemaRule } from '../../components/schema-rule.ts'
import { NEW } from '../../components/use-opened.ts'

export interface ContactDrawerProps {
  readonly opened: string | null
  readonly onClose: () => void
  readonly onSaved: (name: string) => void
}

export function ContactDrawer({ opened, onClose, onSaved }: ContactDrawerProps) {
  const { t } = useTranslation()
  const formId = useFormId()
  const queries = useQueryClient()
  const isNew = opened === NEW
  const present = useQuery({
    queryKey: [...keys.contacts, opened],
    queryFn: () => api.contacts.get({ id: opened ?? '' }),
    enabled: opened !== null && !isNew,
    staleTime: Infinity, // what is being edited does not change under the hands
    gcTime: 0,
  })
  const save = useMutation({
    mutationFn: (contact: Contact) =>
      isNew ? api.contacts.create(contact) : api.contacts.update({ ...contact, id: opened ?? '' }),
    onSuccess: async ({ name }) => {
      onSaved(name)
      onClose()
      await queries.invalidateQueries({ queryKey: keys.contacts })
    },
  })
  const close = (): void => {
    save.reset()
    onClose()
  }
  const form = (values: Contact | null) => (
    <ContactForm id={formId} values={values} error={save.error} onSubmit={(contact) => save.mutate(contact)} />
  )
  return (
    <RecordDrawer
      title={t(isNew ? 'contacts.add' : 'contacts.edit')}
      isOpen={opened !== null}
      onClose={close}
      formId={isNew || present.data !== undefined ? formId : null}
      operation={isNew ? 'contacts.create' : 'contacts.update'}
      isBusy={save.isPending}
    >
      {isNew ? form(null) : <QueryView query={present}>{form}</QueryView>}
    </RecordDrawer>
  )
}

interface ContactFormProps {
  readonly id: string
  readonly values: Contact | null
  readonly error: unknown
  readonly onSubmit: (contact: Contact) => void
}

function ContactForm({ id, values, error, onSubmit }: ContactFormProps) {
  const { t } = useTranslation()
  const rule = useSchemaRule()
  const { name, email, phone } = contactSchema.shape
  const faults = fieldFaults(error)
  const help = (field: string) => {
    const fault = faults.find((each) => each.name[0] === field)
    return fault === undefined ? {} : { help: fault.errors.join(' '), validateStatus: 'error' as const }
  }
  return (
    <Form<Contact>
      id={id}
      layout="vertical"
      requiredMark={false}
      initialValues={values ?? {}}
      scrollToFirstError={{ focus: true }}
      onFinish={({ name, email, phone }) => onSubmit({ name, email, phone })}
    >
      <ProblemNotice error={error} />
      <p className="muted">{t('contacts.formIntro')}</p>
      <Form.Item name="name" label={t('contacts.name')} required rules={[rule(name)]} {...help('name')}>
        <Input autoComplete="off" />
      </Form.Item>
      <Form.Item name="email" label={t('contacts.email')} required rules={[rule(email)]} {...help('email')}>
        <Input type="email" autoComplete="off" />
      </Form.Item>
      <Form.Item name="phone" label={t('contacts.phone')} required rules={[rule(phone)]} {...help('phone')}>
        <Input type="tel" autoComplete="off" />
      </Form.Item>
    </Form>
  )
}
