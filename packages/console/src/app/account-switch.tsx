/**
 * Which account this tab is in, and the way into the others; for users who are in several.
 *
 * @module
 */
import ApartmentOutlined from '@ant-design/icons/es/icons/ApartmentOutlined'
import Button from 'antd/es/button'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { enterAccount, useMe } from '../api/use-me.ts'
import { DropMenu } from '../components/drop-menu.tsx'
import { useToasts } from '../components/said.tsx'

export function AccountSwitch() {
  const { t } = useTranslation()
  const toasts = useToasts()
  const me = useMe()
  const [isEntering, setEntering] = useState(false)
  const enter = async (accountId: string): Promise<void> => {
    setEntering(true)
    try {
      await enterAccount(accountId)
    } catch {
      setEntering(false)
      toasts.error((t) => t('shell.accountClosed'))
    }
  }
  const { account = null, accounts = [] } = me.data ?? {}
  if (account === null || accounts.length < 2) return null
  const items = accounts.map(({ id, name, role }) => ({
    key: id,
    label: (
      <>
        {name} <span className="muted">{t(`terms.role.${role}`)}</span>
      </>
    ),
    onClick: () => {
      if (id !== account.id) void enter(id)
    },
  }))
  return (
    <DropMenu menu={{ items, selectable: true, selectedKeys: [account.id], className: 'account-menu' }}>
      <Button
        type="text"
        className="account-switch"
        icon={<ApartmentOutlined />}
        loading={isEntering}
        aria-label={`${t('shell.accountName')}: ${account.name}`}
        aria-haspopup="menu"
      >
        <span className="tool-text">{account.name}</span>
      </Button>
    </DropMenu>
  )
}
