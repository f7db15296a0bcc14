import { expect, it } from 'vitest'
import { themeOf } from '../src/app/theme.ts'

it('fades nothing that is to be read: words on a button that is at it keep their contrast', () => {
  for (const isDark of [false, true]) expect(themeOf(isDark, false).token?.opacityLoading).toBe(1)
})
