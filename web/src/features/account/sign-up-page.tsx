import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Hourglass, MailOpen } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { Icon } from '../../ui/icon.tsx'
import type { NewAccount as Account } from '../auth/account-form.ts'
import { Gate, useDoor } from '../auth/gate.tsx'
import { NewAccount } from '../auth/new-account.tsx'

/** Asking at the door, where the city is open to it, and the wait that follows. */
export function SignUpPage() {
  const { t } = useTranslation()
  const api = useApi()
  const door = useDoor()
  const [name, setName] = useState('')
  const ask = useMutation({ mutationFn: (account: Account) => api.auth.signUp(account) })
  const city = door.data?.city ?? 'DAARION'
  if (ask.data && 'waitsFor' in ask.data) return <Waits for={ask.data.waitsFor} name={name} />
  if (door.data && door.data.signUp !== 'open')
    return (
      <Gate title={t('account.signUpClosed')} caption={t('auth.whoIsHome')}>
        <p>{t('account.signUpClosedHint')}</p>
        <div className="stack">
          <Link className="btn" to="/sign-in">
            {t('auth.iLiveHere')}
          </Link>
        </div>
      </Gate>
    )
  return (
    <Gate
      title={t('account.signUpTitle', { city })}
      yours="waiting"
      plate={name}
      caption={t('auth.yourWindow')}
    >
      {door.data && <p>{t(door.data.mail ? 'account.signUpMail' : 'account.signUpApproval')}</p>}
      <NewAccount
        act={t('account.signUp')}
        busy={ask.isPending || !door.data}
        byMail={door.data?.mail ?? false}
        error={ask.error}
        onName={setName}
        onSubmit={(account) => ask.mutate(account)}
      >
        <Link className="lnk" to="/sign-in">
          {t('auth.iLiveHere')}
        </Link>
      </NewAccount>
    </Gate>
  )
}

/** That somebody asked to come in, and what they wait for now. */
export function Waits({ for: what, name }: { for: 'approval' | 'address'; name: string }) {
  const { t } = useTranslation()
  const byMail = what === 'address'
  return (
    <Gate
      title={t(byMail ? 'account.waitingAddress' : 'account.waitingApproval')}
      yours="waiting"
      plate={name}
      caption={t('auth.yourWindow')}
    >
      <div className="stack">
        <p className="aside" role="status">
          <Icon of={byMail ? MailOpen : Hourglass} />
          <span>{t(byMail ? 'account.waitingAddressHint' : 'account.waitingApprovalHint')}</span>
        </p>
        <Link className="btn" to="/sign-in">
          {t('auth.signIn')}
        </Link>
      </div>
    </Gate>
  )
}
