/**
 * Whose a domain name is: those of the account, and for the operator those of all accounts; giving one up, and assigning one.
 *
 * @module
 */
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'wouter'
import Button from 'antd/es/button'
import Input from 'antd/es/input'
import { useIsOperator } from '../../api/use-is-operator.ts'
import { PageHead } from '../../components/page-head.tsx'
import { useSaid } from '../../components/said.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { AssignDrawer } from './assign-drawer.tsx'
import { NameList } from './name-list.tsx'
import './names-page.css'

const MAX_NAME = 253
const SCOPES = ['account', 'installation'] as const

export function NamesPage() {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const [result, say] = useSaid()
  const isOperator = useIsOperator() === true
  const editing = useEditing<string>()
  const of = isOperator && params.get('of') === 'installation' ? 'installation' : 'account'
  const name = params.get('name') ?? ''
  const search = (wanted: { readonly of: string; readonly name: string }): void =>
    setParams({ ...(wanted.of === 'installation' && { of: wanted.of }), ...(wanted.name !== '' && { name: wanted.name }) })
  const assign = (given: string | null): void => {
    say(null)
    editing.open(given)
  }
  return (
    <>
      <PageHead
        title={t('shell.names')}
        intro={t('names.intro')}
        result={result}
        actions={
          isOperator && (
            <Button type="primary" onClick={() => assign(null)}>
              {t('names.assign')}
            </Button>
          )
        }
      />
      <section className="panel" aria-label={t('shell.names')}>
        <div className="names-filter">
          {isOperator && (
            <div className="names-of" role="group" aria-label={t('names.of')}>
              {SCOPES.map((each) => (
                <Button
                  key={each}
                  type={each === of ? 'primary' : 'default'}
                  aria-pressed={each === of}
                  onClick={() => search({ of: each, name })}
                >
                  {t(each === 'account' ? 'names.ofAccount' : 'names.ofInstallation')}
                </Button>
              ))}
            </div>
          )}
          <Input.Search
            key={name}
            className="names-search"
            defaultValue={name}
            maxLength={MAX_NAME}
            allowClear
            spellCheck={false}
            autoCapitalize="none"
            aria-label={t('names.search')}
            placeholder={t('names.search')}
            enterButton={t('names.find')}
            onSearch={(typed) => search({ of, name: typed.trim() })}
          />
        </div>
        <NameList of={of} name={name} onAssign={assign} onDone={say} />
      </section>
      <AssignDrawer
        key={editing.key}
        name={editing.row}
        isOpen={editing.isOpen}
        onClose={editing.close}
        onDone={(done) => {
          editing.close()
          say(done)
        }}
      />
    </>
  )
}
