import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { useAfter } from '../../ui/states.tsx'
import { Waits } from '../account/sign-up-page.tsx'
import type { NewAccount as Account } from './account-form.ts'
import { Gate, useDoor } from './gate.tsx'
import { NewAccount } from './new-account.tsx'
import { useEnter } from './use-enter.ts'
import { useToken } from './use-token.ts'
import { useWait } from './use-wait.ts'

const CLOSED = ['not_found', 'forbidden', 'invalid']

/** An invitation: what it opens, and the form that accepts it. */
export function InvitationPage() {
  const { t } = useTranslation()
  const api = useApi()
  const enter = useEnter()
  const door = useDoor()
  const code = useToken('/invitation')
  const [name, setName] = useState('')
  const late = useAfter(300)
  const invitation = useQuery({
    queryKey: ['invitation', code],
    queryFn: () => api.auth.invitation({ code }),
    enabled: code !== '',
    retry: false,
  })
  const accept = useMutation({
    mutationFn: (account: Account) => api.auth.signUp({ code, ...account }),
    // Where the city sends mail, the address proves itself first.
    onSuccess: (me) => 'id' in me && enter(me, '/rooms/square'),
  })
  if (accept.data && 'waitsFor' in accept.data) return <Waits for={accept.data.waitsFor} name={name} />
  const { data, error } = invitation
  const refused = error ?? accept.error
  const closed =
    code === '' ||
    (error && CLOSED.includes(failureOf(error).kind)) ||
    failureOf(accept.error).code === 'auth.invitation_refused'
  if (closed) return <Closed missing={code === ''} />
  if (!data && refused) return <Unseen error={refused} onRetry={() => void invitation.refetch()} />
  return (
    <Gate
      title={t('auth.invited', { city: data?.city ?? door.data?.city ?? 'DAARION' })}
      yours="waiting"
      plate={name}
      caption={t('auth.yourWindow')}
    >
      {!data && late && <i className="sk" style={{ width: '60%', marginTop: 16 }} />}
      {data && door.data?.mail && <p>{t('account.signUpMail')}</p>}
      {data?.by && <p>{t('auth.invitedBy', { name: data.by })}</p>}
      {data && <Opens invitation={data} residents={door.data?.residents} />}
      <NewAccount
        act={t('auth.accept')}
        busy={accept.isPending || !data || !door.data}
        byMail={door.data?.mail ?? false}
        error={accept.error}
        onName={setName}
        onSubmit={(account) => accept.mutate(account)}
      >
        <Link className="lnk" to="/sign-in">
          {t('auth.iLiveHere')}
        </Link>
      </NewAccount>
    </Gate>
  )
}

interface OpensProps {
  invitation: { role: 'owner' | 'admin' | 'resident'; expiresAt: string }
  residents: number | undefined
}

function Opens({ invitation, residents }: OpensProps) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <dl className="kv">
      <dt>{t('auth.youComeAs')}</dt>
      <dd>{t(`auth.role.${invitation.role}`)}</dd>
      <dt>{t('auth.youWillSee')}</dt>
      <dd>{t(`auth.sees.${invitation.role}`)}</dd>
      {residents !== undefined && (
        <>
          <dt>{t('auth.seenBy')}</dt>
          <dd>{t('auth.residentsAndAgents', { count: residents })}</dd>
        </>
      )}
      <dt>{t('auth.worksUntil')}</dt>
      <dd>{format.moment(invitation.expiresAt)}</dd>
    </dl>
  )
}

function Closed({ missing }: { missing: boolean }) {
  const { t } = useTranslation()
  return (
    <Gate title={t('auth.invitationClosed')} caption={t('auth.whoIsHome')}>
      <p>{missing ? t('auth.invitationMissing') : t('auth.invitationClosedHint')}</p>
      <div className="stack">
        <Link className="btn" to="/sign-in">
          {t('auth.iLiveHere')}
        </Link>
      </div>
    </Gate>
  )
}

function Unseen({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const wait = useWait(error)
  return (
    <Gate title={t('auth.invitationUnseen')} caption={t('auth.whoIsHome')}>
      <div className="stack">
        <FieldError error={wait ?? sentenceOf(failureOf(error), format.language)} />
        <Button disabled={wait !== undefined} onClick={onRetry}>
          {t('common.retry')}
        </Button>
      </div>
    </Gate>
  )
}
