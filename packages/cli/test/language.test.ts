import { describe, expect, it } from 'vitest'
import { detectLanguage } from '../src/language.ts'

describe('detectLanguage', () => {
  it.each([
    [[], {}, 'en'],
    [[], { LANG: 'zh_CN.UTF-8' }, 'zh'],
    [[], { LANG: 'C.UTF-8' }, 'en'],
    [[], { LANG: 'zh_CN.UTF-8', LC_ALL: 'en_US.UTF-8' }, 'en'],
    [['list', '--lang', 'zh'], { LANG: 'en_US' }, 'zh'],
    [['list', '--lang=en'], { LANG: 'zh_TW' }, 'en'],
    [['--lang'], {}, 'en'],
  ])('%j with %j is %s', (argv, env, language) => {
    expect(detectLanguage(argv, env)).toBe(language)
  })
})
