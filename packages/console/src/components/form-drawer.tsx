/**
 * A form in a drawer beside the page: it says what will happen, shows faults beside their fields, and keeps what was typed until it is sent.
 *
 * @module
 */
import Form, { type FormInstance } from 'antd/es/form'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormFaults } from './form-faults.ts'
import './page.css'
import { ProblemNotice } from './problem-notice.tsx'
import { RecordDrawer, useFormId } from './record-drawer.tsx'

export interface FormDrawerProps<Values> {
  readonly form: FormInstance<Values>
  readonly title: string
  /** What sending it does. */
  readonly intro?: string
  readonly submit: string
  readonly isOpen: boolean
  readonly isPending: boolean
  readonly error: unknown
  readonly initialValues?: object
  readonly onSubmit: (values: Values) => void
  readonly onClose: () => void
  readonly children: ReactNode
}

export function FormDrawer<Values extends object>(props: FormDrawerProps<Values>) {
  const { t } = useTranslation()
  const { form, title, intro, submit, isOpen, isPending, error, initialValues, onSubmit, onClose, children } = props
  const formId = useFormId()
  return (
    <RecordDrawer
      title={title}
      isOpen={isOpen}
      onClose={onClose}
      formId={formId}
      submit={submit}
      cancel={t('fields.notNow')}
      isBusy={isPending}
    >
      {intro !== undefined && <p className="muted form-intro">{intro}</p>}
      <Form<Values>
        id={formId}
        form={form}
        layout="vertical"
        requiredMark={false}
        scrollToFirstError={{ block: 'center', focus: true }}
        preserve={false}
        {...(initialValues !== undefined && { initialValues })}
        onFinish={onSubmit}
      >
        <Faults form={form as FormInstance} error={error} />
        {children}
      </Form>
    </RecordDrawer>
  )
}

/** Inside the form, so that its fields are there when faults are set. */
function Faults({ form, error }: { readonly form: FormInstance; readonly error: unknown }) {
  useFormFaults(form, error)
  return <ProblemNotice error={error} />
}
