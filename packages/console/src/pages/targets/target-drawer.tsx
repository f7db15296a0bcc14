/**
 * Adding a target, or changing one: its settings by the kind, its own address, whether others wait for it.
 *
 * @module
 */
import type { TargetView } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Switch from 'antd/es/switch'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { ConnectionDrawer, type ConnectionValues } from '../../components/adapter-form/connection-drawer.tsx'
import { CertificateSelect } from '../../components/certificate-select.tsx'
import { FreshDialog, needsFresh } from '../../components/fresh-dialog.tsx'
import { OwnAddressFields, ownAddressOf, type OwnAddress } from '../../components/own-address-fields.tsx'
import type { Said } from '../../components/said.tsx'

interface Own extends OwnAddress {
  readonly certificateId?: string
  readonly name: string
  readonly canary?: boolean
}

interface TargetDrawerProps {
  /** Null: a new one. */
  readonly target: TargetView | null
  /** Of a new one: for which certificate it is, and what it is called unless somebody calls it otherwise. Left out: somebody chooses. */
  readonly of?: { readonly certificateId: string; readonly name: string }
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onDone: (what: Said) => void
}

const MAX_NAME = 64

/** What the form shows at first. */
function startOf(target: TargetView | null, of: TargetDrawerProps['of']) {
  if (target === null) return { canary: false, ...(of !== undefined && { name: of.name }) }
  const { name, canary, probe } = target
  return { name, canary, ...probe }
}

export function TargetDrawer({ target, of, isOpen, onClose, onDone }: TargetDrawerProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const save = useMutation({
    mutationFn: (values: ConnectionValues<Own>) => {
      const { certificateId = of?.certificateId ?? '', name, kind, config, canary = false } = values
      const probe = ownAddressOf(values)
      return target === null
        ? api.targets.create({ certificateId, name, kind, config: config ?? {}, canary, ...(probe !== null && { probe }) })
        : api.targets.update({ id: target.id, name, canary, probe, ...(config !== null && { config }) })
    },
    onSuccess: async ({ name }) => {
      onDone((t) => t(target === null ? 'targets.added' : 'targets.changed', { name }))
      await queries.invalidateQueries({ queryKey: keys.targets })
      await queries.invalidateQueries({ queryKey: keys.certificates })
    },
  })
  const adding = { title: t('targets.add'), intro: t('targets.addIntro'), submit: t('targets.add') }
  const changing = { intro: t('targets.changeIntro'), submit: t('fields.save') }
  return (
    <ConnectionDrawer<Own>
      port="deploy"
      {...(target === null
        ? adding
        : {
            ...changing,
            title: t('targets.changeOf', { name: target.name }),
            existing: { kind: target.kind, loadSettings: () => api.targets.get({ id: target.id }) },
          })}
      isOpen={isOpen}
      isPending={save.isPending}
      error={needsFresh(save.error) ? null : save.error}
      initialValues={startOf(target, of)}
      onSubmit={(values) => save.mutate(values)}
      onClose={onClose}
      after={
        <>
          <HowJudged />
          {needsFresh(save.error) && (
            <FreshDialog
              purpose="goOn"
              onConfirmed={() => save.variables !== undefined && save.mutate(save.variables)}
              onClose={save.reset}
            />
          )}
        </>
      }
    >
      {target === null && of === undefined && (
        <Form.Item
          name="certificateId"
          label={t('targets.certificate')}
          rules={[{ required: true, message: t('fields.required') }]}
        >
          <CertificateSelect />
        </Form.Item>
      )}
      <Form.Item
        name="name"
        label={t('targets.nameLabel')}
        rules={[{ required: true, whitespace: true, message: t('fields.required') }]}
      >
        <Input maxLength={MAX_NAME} autoComplete="off" />
      </Form.Item>
    </ConnectionDrawer>
  )
}

function HowJudged() {
  const { t } = useTranslation()
  return (
    <>
      <OwnAddressFields help={t('targets.probeHelp')} />
      <Form.Item name="canary" label={t('targets.canary')} extra={t('targets.canaryHelp')} valuePropName="checked">
        <Switch />
      </Form.Item>
    </>
  )
}
