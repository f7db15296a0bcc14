/**
 * The certificates that the configurations on a host name, adopted or not.
 *
 * @module
 */
import type { AgentFinding } from '@evercert/contract'
import Button from 'antd/es/button'
import { useTranslation } from 'react-i18next'
import { CopyText } from '../../components/copy-text.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { joinList } from '../../components/join-list.ts'
import { Until, WhatIsThere } from './host-facts.tsx'
import { useShown } from '../../components/use-shown.ts'

export function FindingsPanel({ findings }: { readonly findings: readonly AgentFinding[] }) {
  const { t } = useTranslation()
  const columns = useColumns()
  const { rows, all, showMore } = useShown(findings)
  return (
    <section className="panel" aria-labelledby="agent-findings">
      <h2 id="agent-findings">{t('agents.findings')}</h2>
      <p className="muted">{all === 0 ? t('agents.noFindings') : t('agents.findingsIntro')}</p>
      {all > 0 && (
        <>
          <RecordTable label={t('agents.findings')} columns={columns} rows={rows} rowKey={keyOf} />
          <div className="records-end muted">
            <span role="status">{t('agents.findingsShown', { count: rows.length, all })}</span>
            {showMore !== null && <Button onClick={showMore}>{t('certificates.loadMore')}</Button>}
          </div>
        </>
      )}
    </section>
  )
}

/** One line of a configuration may name several certificates. */
const keyOf = ({ file, line, certificatePath, serverNames }: AgentFinding): string =>
  [file, line, certificatePath, ...serverNames].join('\n')

function useColumns(): Column<AgentFinding>[] {
  const { t } = useTranslation()
  return [
    {
      key: 'names',
      title: t('agents.names'),
      kind: 'name',
      render: ({ serverNames, server, file, line }) => (
        <>
          {serverNames.length === 0 ? <span className="muted">{t('agents.noNames')}</span> : joinList(serverNames)}
          <div className="muted agent-host agent-files">
            {server} · <span className="mono">{t('agents.whereLine', { file, line })}</span>
          </div>
        </>
      ),
    },
    { key: 'what', title: t('agents.certificate'), render: (finding) => <WhatIsThere told={finding} /> },
    { key: 'until', title: t('agents.until'), render: ({ notAfter }) => <Until notAfter={notAfter} /> },
    {
      key: 'file',
      title: t('agents.files'),
      render: ({ certificatePath, keyPath }) => (
        <div className="mono agent-files">
          {certificatePath}
          {keyPath !== null && keyPath !== certificatePath && (
            <div className="muted">
              {t('agents.keyFile')} {keyPath}
            </div>
          )}
        </div>
      ),
    },
    { key: 'adopted', title: t('agents.adopted'), render: (finding) => <Adopted finding={finding} /> },
  ]
}

/** What cannot be read cannot be adopted either; a path with control characters is nothing to paste into a terminal. */
function Adopted({ finding: { site, problem, certificatePath } }: { readonly finding: AgentFinding }) {
  const { t } = useTranslation()
  if (site !== null) return t('agents.adoptedBy', { site })
  if (problem !== null || /\p{Cc}/u.test(certificatePath)) return <span className="muted">–</span>
  return (
    <>
      {t('agents.notAdopted')}
      <CopyText what={t('agents.adoptWhat')} text={`evercert-agent adopt ${shellWord(certificatePath)}`} />
    </>
  )
}

/** A path comes from the host, and is pasted into a root shell. */
function shellWord(path: string): string {
  return /^[\w./:@%+=-]+$/.test(path) && !path.startsWith('-') ? path : `'${path.replaceAll("'", "'\\''")}'`
}
