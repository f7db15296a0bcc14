/**
 * Who is in the account, with which role, and who is invited.
 *
 * @module
 */
import { MEMBER_ROLES, type InvitationView, type MemberRole, type MemberView } from '@evercert/contract'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import Alert from 'antd/es/alert'
import Button from 'antd/es/button'
import Select from 'antd/es/select'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '../../api/client.ts'
import { keys } from '../../api/keys.ts'
import { Action } from '../../components/action.tsx'
import { ConfirmedAction } from '../../components/confirmed-action.tsx'
import { CopyText } from '../../components/copy-text.tsx'
import { Loading } from '../../components/loading.tsx'
import { Moment } from '../../components/moment.tsx'
import { FreshDialog, needsFresh } from '../../components/fresh-dialog.tsx'
import { ProblemNotice } from '../../components/problem-notice.tsx'
import { RecordTable, type Column } from '../../components/record-table.tsx'
import { useEditing } from '../../components/use-editing.ts'
import { AllowedButton } from '../../components/allowed-button.tsx'
import { useLacking } from '../../api/use-lacking.ts'
import { InviteDrawer, type MadeInvitation } from './invite-drawer.tsx'
import './settings-page.css'

export function MembersTab() {
  const { t } = useTranslation()
  const editing = useEditing<null>()
  const [made, setMade] = useState<MadeInvitation | null>(null)
  const members = useQuery({ queryKey: keys.members, queryFn: () => api.members.list() })
  const invitations = useQuery({ queryKey: keys.invitations, queryFn: () => api.invitations.list() })
  const memberColumns = useMemberColumns()
  const invitationColumns = useInvitationColumns()
  return (
    <section className="panel" aria-label={t('settings.members')}>
      <p className="muted">{t('settings.membersIntro')}</p>
      <div aria-live="polite">{made !== null && <MadeLink made={made} onKept={() => setMade(null)} />}</div>
      <div className="panel-actions">
        <AllowedButton
          operation="invitations.create"
          label={t('settings.invite')}
          type="primary"
          onClick={() => {
            setMade(null)
            editing.open(null)
          }}
        />
      </div>
      {members.isPending && <Loading />}
      <ProblemNotice error={members.error ?? invitations.error} onRetry={() => void members.refetch()} />
      {members.data !== undefined && (
        <RecordTable label={t('settings.members')} columns={memberColumns} rows={members.data.items} rowKey={({ id }) => id} />
      )}
      {invitations.data !== undefined && invitations.data.items.length > 0 && (
        <>
          <h2 className="part-title">{t('settings.invitations')}</h2>
          <RecordTable
            label={t('settings.invitations')}
            columns={invitationColumns}
            rows={invitations.data.items}
            rowKey={({ id }) => id}
          />
        </>
      )}
      <InviteDrawer
        key={editing.key}
        isOpen={editing.isOpen}
        onClose={editing.close}
        onMade={(invitation) => {
          editing.close()
          setMade(invitation)
        }}
      />
    </section>
  )
}

function MadeLink({ made, onKept }: { readonly made: MadeInvitation; readonly onKept: () => void }) {
  const { t } = useTranslation()
  return (
    <Alert
      className="made-token"
      type="warning"
      showIcon
      role="none"
      title={t('settings.invited', { email: made.email })}
      description={
        <>
          <p>{t('settings.invitedText')}</p>
          <CopyText text={made.link} what={t('settings.invitationLink')} />
          <Button size="small" onClick={onKept}>
            {t('settings.passedOn')}
          </Button>
        </>
      }
    />
  )
}

function useMemberColumns(): readonly Column<MemberView>[] {
  const { t } = useTranslation()
  return [
    {
      key: 'name',
      title: t('settings.member'),
      render: ({ name, email, isCaller }) => (
        <>
          <div className="record-name">{name}</div>
          <div className="muted break">
            {email} {isCaller && t('settings.you')}
          </div>
        </>
      ),
    },
    { key: 'role', title: t('settings.role'), render: (member) => <RoleSelect member={member} /> },
    {
      key: 'secondFactor',
      title: t('settings.secondFactor'),
      render: ({ hasSecondFactor }) => (hasSecondFactor ? t('settings.on') : t('settings.off')),
    },
    { key: 'joinedAt', title: t('settings.joinedAt'), render: ({ joinedAt }) => <Moment at={joinedAt} precision="day" /> },
    { key: 'actions', title: t('fields.actions'), kind: 'actions', render: (member) => <RemoveMember member={member} /> },
  ]
}

function RoleSelect({ member: { id, name, role } }: { readonly member: MemberView }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const change = useMutation({
    mutationFn: (wanted: MemberRole) => api.members.changeRole({ id, role: wanted }),
    onSuccess: () => Promise.all([keys.members, keys.me].map((queryKey) => queries.invalidateQueries({ queryKey }))),
  })
  // Without the permission the role is only read.
  if (useLacking('members.changeRole') !== null) return t(`terms.role.${role}`)
  return (
    <>
      <Select<MemberRole>
        aria-label={`${t('settings.role')}: ${name}`}
        value={role}
        loading={change.isPending}
        onChange={(wanted) => change.mutate(wanted)}
        options={MEMBER_ROLES.map((value) => ({ value, label: t(`terms.role.${value}`) }))}
        popupMatchSelectWidth={false}
      />
      {needsFresh(change.error) ? (
        <FreshDialog
          purpose="goOn"
          onConfirmed={() => change.variables !== undefined && change.mutate(change.variables)}
          onClose={change.reset}
        />
      ) : (
        <ProblemNotice error={change.error} />
      )}
    </>
  )
}

function RemoveMember({ member: { id, name } }: { readonly member: MemberView }) {
  const { t } = useTranslation()
  return (
    <ConfirmedAction
      label={t('settings.removeMember')}
      of={name}
      reason={useLacking('members.remove')}
      title={t('settings.removeMemberTitle', { name })}
      text={t('settings.removeMemberText')}
      act={() => api.members.remove({ id })}
      changes={keys.members}
    />
  )
}

function useInvitationColumns(): readonly Column<InvitationView>[] {
  const { t } = useTranslation()
  return [
    { key: 'email', title: t('signIn.email'), render: ({ email }) => <span className="break">{email}</span> },
    { key: 'role', title: t('settings.role'), render: ({ role }) => t(`terms.role.${role}`) },
    { key: 'invitedBy', title: t('settings.invitedBy'), render: ({ invitedBy }) => <span className="break">{invitedBy}</span> },
    { key: 'expiresAt', title: t('settings.expiresAt'), render: ({ expiresAt }) => <Moment at={expiresAt} /> },
    {
      key: 'actions',
      title: t('fields.actions'),
      kind: 'actions',
      render: (invitation) => <TakeBack invitation={invitation} />,
    },
  ]
}

function TakeBack({ invitation: { id, email } }: { readonly invitation: InvitationView }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: () => api.invitations.remove({ id }),
    onSuccess: () => queries.invalidateQueries({ queryKey: keys.invitations }),
  })
  return (
    <>
      <Action
        label={t('settings.takeBack')}
        of={email}
        reason={useLacking('invitations.remove')}
        onClick={() => remove.mutate()}
      />
      <ProblemNotice error={remove.error} />
    </>
  )
}
