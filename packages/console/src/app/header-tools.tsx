/**
 * Language, theme and account.
 *
 * @module
 */
import BulbOutlined from '@ant-design/icons/es/icons/BulbOutlined'
import TranslationOutlined from '@ant-design/icons/es/icons/TranslationOutlined'
import UserOutlined from '@ant-design/icons/es/icons/UserOutlined'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { useLocation } from 'wouter'
import { labelled } from '../components/join-list.ts'
import { useMe } from '../api/use-me.ts'
import { DropMenu } from '../components/drop-menu.tsx'
import { changeLanguage, currentLanguage, TAGS } from '../i18n/i18n.ts'
import { AccountSwitch } from './account-switch.tsx'
import { THEMES, useThemeChoice } from './preferences.ts'
import { useLeave } from './use-leave.ts'
import { useToasts } from '../components/said.tsx'

const THEME_KEYS = { system: 'shell.themeSystem', light: 'shell.themeLight', dark: 'shell.themeDark' } as const

export function HeaderTools() {
  return (
    <div className="tools">
      <AccountSwitch />
      <LanguageSwitch />
      <ThemeSwitch />
      <AccountMenu />
    </div>
  )
}

export function LanguageSwitch() {
  const { t } = useTranslation()
  const other = currentLanguage() === 'zh' ? 'en' : 'zh'
  return (
    <Button type="text" icon={<TranslationOutlined />} lang={TAGS[other]} onClick={() => void changeLanguage(other)}>
      <span className="tool-text">{t('shell.otherLanguage')}</span>
    </Button>
  )
}

export function ThemeSwitch() {
  const { t } = useTranslation()
  const [choice, choose] = useThemeChoice()
  const items = THEMES.map((theme) => ({ key: theme, label: t(THEME_KEYS[theme]), onClick: () => choose(theme) }))
  return (
    <DropMenu menu={{ items, selectable: true, selectedKeys: [choice] }}>
      <Button
        type="text"
        icon={<BulbOutlined />}
        aria-label={`${t('shell.theme')}: ${t(THEME_KEYS[choice])}`}
        aria-haspopup="menu"
      />
    </DropMenu>
  )
}

function AccountMenu() {
  const { t } = useTranslation()
  const [, go] = useLocation()
  const me = useMe()
  const leave = useLeave()
  const toasts = useToasts()
  if (me.data === undefined) return null
  const { user, token, account } = me.data
  const who = user === null ? labelled(t('shell.byToken'), token?.name ?? '') : user.email
  const items = [
    { key: 'who', label: who, disabled: true },
    ...(account === null ? [] : [{ key: 'account', label: labelled(t('shell.accountName'), account.name), disabled: true }]),
    { type: 'divider' as const },
    ...(user === null ? [] : [{ key: 'security', label: t('shell.security'), onClick: () => go('/settings/security') }]),
    {
      key: 'signOut',
      label: t('shell.signOut'),
      onClick: () => void leave().catch(() => toasts.error((t) => t('shell.signOutFailed'))),
    },
  ]
  return (
    <DropMenu menu={{ items }}>
      <Button type="text" icon={<UserOutlined />} aria-label={`${t('shell.account')}: ${who}`} aria-haspopup="menu" />
    </DropMenu>
  )
}
