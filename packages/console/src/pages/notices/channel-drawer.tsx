/**
 * Adding a channel, or changing one.
 *
 * @module
 */
import type { ChannelView } from '@evercert/contract'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import Form from 'antd/es/form'
import Input from 'antd/es/input'
import Radio from 'antd/es/radio'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { ConnectionDrawer, type ConnectionValues } from '../../components/adapter-form/connection-drawer.tsx'
import type { Said } from '../../components/said.tsx'

const MAX_NAME = 64

type Own = Pick<ChannelView, 'name' | 'role'>

interface ChannelDrawerProps {
  /** Null: a new one. */
  readonly channel: ChannelView | null
  readonly isOpen: boolean
  readonly onClose: () => void
  readonly onDone: (what: Said) => void
}

export function ChannelDrawer({ channel, isOpen, onClose, onDone }: ChannelDrawerProps) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const save = useMutation({
    mutationFn: ({ name, role, kind, config }: ConnectionValues<Own>) =>
      channel === null
        ? api.channels.create({ name, role, kind, config: config ?? {} })
        : api.channels.update({ id: channel.id, name, role, ...(config !== null && { config }) }),
    onSuccess: async ({ name }) => {
      await queries.invalidateQueries({ queryKey: keys.channels })
      onDone((t) => t(channel === null ? 'notices.channelAdded' : 'notices.channelChanged', { name }))
    },
  })
  return (
    <ConnectionDrawer<Own>
      port="notify"
      title={channel === null ? t('notices.addChannel') : t('notices.changeChannel', { name: channel.name })}
      intro={channel === null ? t('notices.addChannelIntro') : t('notices.changeChannelIntro')}
      submit={channel === null ? t('notices.addChannel') : t('fields.save')}
      isOpen={isOpen}
      isPending={save.isPending}
      error={save.error}
      initialValues={channel === null ? { role: 'always' } : { name: channel.name, role: channel.role }}
      {...(channel !== null && {
        existing: { kind: channel.kind, loadSettings: () => api.channels.get({ id: channel.id }) },
      })}
      onSubmit={(values) => save.mutate(values)}
      onClose={onClose}
    >
      <Form.Item
        name="name"
        label={t('notices.channelName')}
        rules={[{ required: true, whitespace: true, message: t('fields.required') }]}
      >
        <Input maxLength={MAX_NAME} autoComplete="off" />
      </Form.Item>
      <Form.Item name="role" label={t('notices.role')} extra={t('notices.roleHelp')}>
        <Radio.Group
          options={[
            { value: 'always', label: t('notices.roles.always') },
            { value: 'fallback', label: t('notices.roles.fallback') },
          ]}
        />
      </Form.Item>
    </ConnectionDrawer>
  )
}
