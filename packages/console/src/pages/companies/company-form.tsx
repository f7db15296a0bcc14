/**
 * The fields of a company.
 *
 * @module
 */
import { company as companySchema, type Company } from '@evercert/contract'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Select from 'antd/es/select'
import { useTranslation } from 'react-i18next'
import { CountrySelect } from '../../components/country-select.tsx'
import { fieldFaults } from '../../components/field-faults.ts'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { useSchemaRule } from '../../components/schema-rule.ts'

export interface CompanyFormProps {
  readonly id: string
  readonly values: Company | null
  readonly error: unknown
  readonly onSubmit: (company: Company) => void
}

const FIELDS = [
  'name',
  'type',
  'registrationNumber',
  'phone',
  'country',
  'region',
  'city',
  'address',
  'postalCode',
] as const satisfies readonly (keyof Company)[]

export function CompanyForm({ id, values, error, onSubmit }: CompanyFormProps) {
  const { t } = useTranslation()
  const rule = useSchemaRule()
  const faults = fieldFaults(error)
  const help = (field: string) => {
    const fault = faults.find((each) => each.name[0] === field)
    return fault === undefined ? {} : { help: fault.errors.join(' '), validateStatus: 'error' as const }
  }
  return (
    <Form<Company>
      id={id}
      layout="vertical"
      requiredMark={false}
      initialValues={values ?? { type: 'enterprise', country: 'CN' }}
      scrollToFirstError={{ focus: true }}
      onFinish={(filled) => onSubmit(companySchema.parse(filled))}
    >
      <ProblemNotice error={error} />
      {FIELDS.map((field) => (
        <Form.Item
          key={field}
          name={field}
          label={t(`companies.${field}`)}
          required
          rules={[rule(companySchema.shape[field])]}
          {...(field === 'name' && { extra: t('companies.nameHelp') })}
          {...help(field)}
        >
          {field === 'type' ? <TypeSelect /> : field === 'country' ? <CountrySelect /> : <Input autoComplete="off" />}
        </Form.Item>
      ))}
    </Form>
  )
}

interface TypeSelectProps {
  readonly id?: string
  readonly value?: Company['type']
  readonly onChange?: (type: Company['type']) => void
}

function TypeSelect(props: TypeSelectProps) {
  const { t } = useTranslation()
  const options = companySchema.shape.type.options.map((value) => ({ value, label: t(`companies.types.${value}`) }))
  return <Select {...props} options={options} />
}
