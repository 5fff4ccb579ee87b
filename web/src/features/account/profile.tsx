import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { LogOut, MailCheck } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { forgetSeen } from '../../worker/caches.ts'
import { useDoor } from '../auth/gate.tsx'
import { useMe } from '../auth/session.ts'
import { sleepHere } from '../notifications/push-browser.ts'
import { SECURITY } from './use-security.ts'

/** Who one is here: name, address, role; and the way out. */
export function Profile() {
  const { t } = useTranslation()
  const me = useMe()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const language = useLanguage()
  const signOut = useMutation({
    mutationFn: async () => {
      // Whoever left is not told any more; a browser that cannot say so signs out all the same.
      await sleepHere(api).catch(() => undefined)
      return await api.auth.signOut({})
    },
    onSuccess: async () => {
      await forgetSeen()
      await navigate({ to: '/sign-in' })
      queries.clear()
      queries.setQueryData(['me'], null)
    },
  })
  if (!me) return null
  return (
    <section aria-labelledby="profile">
      <h2 id="profile">{t('auth.profile')}</h2>
      <div className="who">
        <Avatar of={me} />
        <div className="grow">
          <b>{me.name}</b>
          <p className="meta">
            {[me.email, t(`auth.role.${me.role}`)].filter((part) => part !== null).join(' · ')}
          </p>
        </div>
        <Button icon={LogOut} disabled={signOut.isPending} onClick={() => signOut.mutate()}>
          {t('common.signOut')}
        </Button>
      </div>
      <FieldError error={signOut.error ? sentenceOf(failureOf(signOut.error), language) : undefined} />
      <Name now={me.name} />
      <Address />
    </section>
  )
}

function Name({ now }: { now: string }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const say = useToast()
  const [name, setName] = useState(now)
  const change = useMutation({
    mutationFn: () => api.auth.changeMe({ name: name.trim() }),
    onSuccess: (me) => {
      queries.setQueryData(['me'], me)
      say({ text: t('account.nameSaved') })
    },
  })
  const same = name.trim() === now || name.trim() === ''
  return (
    <form
      className="step"
      noValidate
      onSubmit={(event: FormEvent) => {
        event.preventDefault()
        if (!same) change.mutate()
      }}
    >
      <LabelledField
        label={t('account.name')}
        hint={t('account.nameHint')}
        autoComplete="name"
        maxLength={80}
        value={name}
        onChange={({ currentTarget }) => setName(currentTarget.value)}
        error={change.error ? sentenceOf(failureOf(change.error), language) : undefined}
        after={
          <Button small look="quiet" type="submit" disabled={same || change.isPending}>
            {t('common.save')}
          </Button>
        }
      />
    </form>
  )
}

/** Where the city sends mail: an address that has not been proved yet. */
function Address() {
  const { t } = useTranslation()
  const language = useLanguage()
  const api = useApi()
  const door = useDoor()
  const security = useQuery({
    queryKey: SECURITY,
    queryFn: () => api.auth.security({}),
    enabled: door.data?.mail === true,
  })
  const ask = useMutation({ mutationFn: () => api.auth.askVerification({}) })
  if (!security.data || security.data.emailVerified) return null
  return (
    <div className="row wrap after">
      <span className="meta" role="status">
        {t(ask.isSuccess ? 'account.proveSent' : 'account.emailUnproved')}
      </span>
      {!ask.isSuccess && (
        <Button small icon={MailCheck} disabled={ask.isPending} onClick={() => ask.mutate()}>
          {t('account.prove')}
        </Button>
      )}
      <FieldError error={ask.error ? sentenceOf(failureOf(ask.error), language) : undefined} />
    </div>
  )
}
