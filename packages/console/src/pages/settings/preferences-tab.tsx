/**
 * Language and theme, remembered in this browser.
 *
 * @module
 */
import Form from 'antd/es/form'
import Radio from 'antd/es/radio'
import { useTranslation } from 'react-i18next'
import { THEMES, useThemeChoice, type ThemeChoice } from '../../app/preferences.ts'
import { changeLanguage, currentLanguage, LANGUAGES, TAGS, type Language } from '../../i18n/i18n.ts'

const THEME_KEYS = { system: 'shell.themeSystem', light: 'shell.themeLight', dark: 'shell.themeDark' } as const
const LANGUAGE_NAMES: Readonly<Record<Language, string>> = { zh: '中文', en: 'English' }

export function PreferencesTab() {
  const { t } = useTranslation()
  const [theme, chooseTheme] = useThemeChoice()
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
  return (
    <section className="panel" aria-label={t('settings.preferences')}>
      <p className="muted">{t('settings.preferencesIntro')}</p>
      <Form layout="vertical">
        <Form.Item label={t('shell.language')}>
          <Radio.Group
            aria-label={t('shell.language')}
            value={currentLanguage()}
            options={LANGUAGES.map((value) => ({ value, label: <span lang={TAGS[value]}>{LANGUAGE_NAMES[value]}</span> }))}
            onChange={(event) => void changeLanguage(event.target.value as Language)}
          />
        </Form.Item>
        <Form.Item label={t('shell.theme')}>
          <Radio.Group
            aria-label={t('shell.theme')}
            value={theme}
            options={THEMES.map((value) => ({ value, label: t(THEME_KEYS[value]) }))}
            onChange={(event) => chooseTheme(event.target.value as ThemeChoice)}
          />
        </Form.Item>
      </Form>
      <dl className="fact-list">
        <dt>{t('settings.timeZone')}</dt>
        <dd>
          {zone}
          <div className="muted">{t('settings.timeZoneText')}</div>
        </dd>
      </dl>
    </section>
  )
}
