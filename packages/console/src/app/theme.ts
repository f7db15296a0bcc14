/**
 * Ant Design's tokens for both themes. Texts keep a contrast of 4.5 to 1 (WCAG 2.2, 1.4.3), the edges of boxes and fields 3 to 1 (1.4.11), which
 * Ant Design's own greys do not.
 *
 * @module
 */
import type { ThemeConfig } from 'antd/es/config-provider'
import antTheme from 'antd/es/theme'

const FONTS =
  "system-ui, -apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', 'Noto Sans SC', 'Noto Sans CJK SC', sans-serif"
const MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'Noto Sans Mono CJK SC', monospace"

const shared = {
  fontFamily: FONTS,
  fontFamilyCode: MONO,
  borderRadius: 6,
  motionDurationMid: '0.12s',
  motionDurationSlow: '0.18s',
  opacityLoading: 1, // a button that is at it is read like any other: faded, its words had 2.8 to 1
}

const light: ThemeConfig = {
  algorithm: antTheme.defaultAlgorithm,
  token: {
    ...shared,
    colorPrimary: '#0b5bd3',
    colorPrimaryHover: '#1d68d6', // 4.5 to 1 with white, which Ant Design's own is not
    colorLink: '#0b5bd3',
    colorLinkHover: '#1d68d6',
    colorLinkActive: '#094bae',
    colorInfo: '#0b5bd3',
    colorError: '#c21d23',
    colorWarning: '#9a5b00',
    colorSuccess: '#23770c',
    // Ant Design would make these from the colours above, which are darker than it expects.
    colorPrimaryBg: '#e6f1ff',
    colorInfoBg: '#eaf3ff',
    colorInfoBorder: '#a9c9f7',
    colorSuccessBg: '#effbea',
    colorSuccessBorder: '#a9d99a',
    colorWarningBg: '#fff7e6',
    colorWarningBorder: '#f3cf8e',
    colorErrorBg: '#fff1f0',
    colorErrorBorder: '#f2b8b5',
    colorBgLayout: '#f4f6f9',
    colorBorder: '#868e9c',
    colorTextSecondary: 'rgba(0,0,0,0.68)',
    colorTextTertiary: 'rgba(0,0,0,0.62)',
    colorTextDescription: 'rgba(0,0,0,0.62)',
    colorTextPlaceholder: 'rgba(0,0,0,0.58)',
  },
}

const dark: ThemeConfig = {
  algorithm: antTheme.darkAlgorithm,
  token: {
    ...shared,
    colorPrimary: '#2f7df6',
    colorLink: '#7ab0ff',
    colorLinkHover: '#a3c8ff',
    colorInfo: '#7ab0ff',
    colorError: '#ff7875',
    colorWarning: '#f0a93a',
    colorSuccess: '#6fcf4c',
    colorBgLayout: '#0e1116',
    colorBgContainer: '#161b22',
    colorBgElevated: '#1c222b',
    colorBorder: '#6f7988',
    colorTextSecondary: 'rgba(255,255,255,0.74)',
    colorTextTertiary: 'rgba(255,255,255,0.66)',
    colorTextDescription: 'rgba(255,255,255,0.66)',
    colorTextPlaceholder: 'rgba(255,255,255,0.6)',
  },
  components: {
    Button: {
      defaultHoverColor: '#7ab0ff',
      defaultHoverBorderColor: '#7ab0ff',
      primaryColor: '#ffffff',
      dangerColor: '#1f0a0a', // on the light red of this theme
      colorPrimary: '#1f63cc',
      colorPrimaryHover: '#2f73dc',
      colorPrimaryActive: '#1b57b4',
    },
  },
}

/** @param isStill nothing moves: who asked the system for less motion gets none (WCAG 2.2, 2.3.3) */
export function themeOf(isDark: boolean, isStill: boolean): ThemeConfig {
  const theme = isDark ? dark : light
  return { ...theme, token: { ...theme.token, motion: !isStill }, cssVar: { key: 'evercert' }, hashed: false }
}
