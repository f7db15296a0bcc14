import { expect, it } from 'vitest'
import { formatTargetRows } from '../../src/commands/targets.ts'
import { createSession } from '../../src/session.ts'
import { aShell, aTarget } from '../builders.ts'

it.each([
  ['en', 'The earlier certificate could not be removed at the provider yet'],
  ['zh', '服务商处的旧证书尚未清理'],
] as const)('a deployment that is in order with a warning says it below the table (%s)', (language, words) => {
  const session = createSession(aShell(), language, {})
  const target = aTarget('proved')
  const { deployment } = target
  const rows = (warning: string | null) =>
    formatTargetRows(session, [{ ...target, deployment: deployment && { ...deployment, warning } }])
  expect(rows(null)).toHaveLength(2)
  expect(rows('Deleting 42: it is in use.').slice(2)).toEqual([
    expect.stringMatching(new RegExp(`^nginx: ${words}`, 'u')),
    '  Deleting 42: it is in use.',
  ])
})

it.each(['en', 'zh'] as const)(
  'a deployment that nothing can prove says so below the table, with what to do (%s)',
  (language) => {
    const session = createSession(aShell(), language, {})
    const target = aTarget('applied')
    const { deployment } = target
    const unprovable = { en: 'Nothing can prove it; add an endpoint.', zh: '无法证明；请添加站点。' }
    const rows = formatTargetRows(session, [{ ...target, deployment: deployment && { ...deployment, unprovable } }])
    expect(rows.slice(2)).toEqual([`nginx: ${unprovable[language]}`])
  },
)
