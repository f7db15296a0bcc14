/**
 * Adding a brand, or wording its titles anew. Its name stays: renewals compare it.
 *
 * @module
 */
import type { BrandView } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { FormDrawer } from '../../components/form-drawer.tsx'
import type { Said } from '../../components/said.tsx'
import { TitleFields } from '../../components/title-fields.tsx'

const MAX_WORD = 64

interface BrandValues {
  readonly name?: string
  readonly title: BrandView['title']
}

interface BrandDrawerProps {
  /** Null: a new one. */
  readonly brand: BrandView | null
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onDone: (what: Said) => void
}

export function BrandDrawer({ brand, isOpen, onClose, onDone }: BrandDrawerProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [form] = Form.useForm<BrandValues>()
  const save = useMutation({
    mutationFn: ({ name = '', title }: BrandValues) =>
      brand === null ? api.brands.create({ name, title }) : api.brands.update({ name: brand.name, title }),
    onSuccess: async ({ name }) => {
      await queries.invalidateQueries({ queryKey: keys.brands })
      onDone((t) => t(brand === null ? 'brands.added' : 'brands.changed', { name }))
    },
  })
  return (
    <FormDrawer<BrandValues>
      form={form}
      title={brand === null ? t('brands.add') : t('brands.changeTitle', { name: brand.name })}
      intro={brand === null ? t('brands.addIntro') : t('brands.changeIntro')}
      submit={brand === null ? t('brands.add') : t('fields.save')}
      isOpen={isOpen}
      isPending={save.isPending}
      error={save.error}
      initialValues={brand === null ? {} : { title: brand.title }}
      onSubmit={(values) => save.mutate(values)}
      onClose={onClose}
    >
      {brand === null && (
        <Form.Item
          name="name"
          label={t('brands.name')}
          extra={t('brands.nameHelp')}
          rules={[{ required: true, whitespace: true, message: t('fields.required') }]}
        >
          <Input maxLength={MAX_WORD} autoComplete="off" spellCheck={false} />
        </Form.Item>
      )}
      <TitleFields maxLength={MAX_WORD} />
    </FormDrawer>
  )
}
