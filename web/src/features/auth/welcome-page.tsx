import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { KeyRound, Link as LinkIcon } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { Icon } from '../../ui/icon.tsx'
import type { NewAccount as Account } from './account-form.ts'
import { Gate, useDoor } from './gate.tsx'
import { NewAccount } from './new-account.tsx'
import { useEnter } from './use-enter.ts'
import { useToken } from './use-token.ts'

/** The first start: whoever opened its link becomes the owner. */
export function WelcomePage() {
  const { t } = useTranslation()
  const api = useApi()
  const enter = useEnter()
  const door = useDoor()
  const token = useToken('/welcome')
  const [name, setName] = useState('')
  const welcome = useMutation({
    mutationFn: ({ password = '', ...account }: Account) => api.auth.welcome({ token, password, ...account }),
    onSuccess: (me) => enter(me, '/rooms/square'),
  })
  if (door.data?.owned && !welcome.isPending && !welcome.isSuccess) return <Owned />
  if (token === '') return <NoLink />
  return (
    <Gate title={t('auth.emptyCity')} yours="lit" plate={name} caption={t('auth.oneWindow')}>
      <p>{t('auth.emptyCityHint')}</p>
      <NewAccount
        act={t('auth.foundCity')}
        busy={welcome.isPending}
        error={welcome.error}
        onName={setName}
        onSubmit={(account) => welcome.mutate(account)}
      >
        <p className="aside">
          <Icon of={LinkIcon} />
          <span>{t('auth.linkOnce')}</span>
        </p>
      </NewAccount>
    </Gate>
  )
}

function Owned() {
  const { t } = useTranslation()
  return (
    <Gate title={t('auth.owned')} caption={t('auth.whoIsHome')}>
      <p>{t('auth.ownedHint')}</p>
      <div className="stack">
        <Link className="btn btn-p" to="/sign-in">
          {t('auth.signIn')}
        </Link>
      </div>
    </Gate>
  )
}

function NoLink() {
  const { t } = useTranslation()
  return (
    <Gate title={t('auth.emptyCity')} caption={t('auth.oneWindow')}>
      <p>{t('auth.noLink')}</p>
      <div className="stack">
        <p className="aside">
          <Icon of={KeyRound} />
          <span>{t('auth.noLinkHint')}</span>
        </p>
      </div>
    </Gate>
  )
}
