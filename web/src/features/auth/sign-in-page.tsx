import { useMutation } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { Fingerprint, Info } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { UsedPasskey } from '../../../../src/services/auth/accounts.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { authenticator, hindrance } from '../account/passkey-browser.ts'
import { SecondStep } from '../account/second-step.tsx'
import { Gate, useDoor } from './gate.tsx'
import { PasswordField } from './new-account.tsx'
import { pathInside, useEnter } from './use-enter.ts'
import { useWait } from './use-wait.ts'

/** The door for those who have an account; it leads to where they were going. */
export function SignInPage() {
  const { t } = useTranslation()
  const api = useApi()
  const enter = useEnter()
  const door = useDoor()
  const language = useLanguage()
  const { to } = useSearch({ from: '/sign-in' })
  const [missing, setMissing] = useState(false)
  const goal = pathInside(to, location.origin)
  const signIn = useMutation({
    mutationFn: (input: { email: string; password: string }) => api.auth.signIn(input),
    onSuccess: (answer) => 'id' in answer && enter(answer, goal),
  })
  const wait = useWait(signIn.error)
  const failure = signIn.error && failureOf(signIn.error)
  const refused = failure && failure.kind !== 'rate_limited' ? sentenceOf(failure, language) : undefined
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const input = { email: String(form.get('email')).trim(), password: String(form.get('password')) }
    setMissing(input.email === '' || input.password === '')
    if (input.email !== '' && input.password !== '') signIn.mutate(input)
  }
  if (signIn.data && 'ticket' in signIn.data)
    return <SecondStep ticket={signIn.data.ticket} onBack={signIn.reset} onEnter={(me) => enter(me, goal)} />
  return (
    <Gate title={t('auth.enterCity')} caption={t('auth.whoIsHome')}>
      {door.data?.owned === false && <p>{t('auth.noLink')}</p>}
      <form noValidate onSubmit={submit}>
        <LabelledField
          label={t('auth.email')}
          name="email"
          type="email"
          autoComplete="username webauthn"
          maxLength={254}
          required
        />
        <PasswordField
          label={t('auth.password')}
          name="password"
          autoComplete="current-password"
          maxLength={256}
          required
          error={wait ?? (missing ? t('auth.fault.bothMissing') : refused)}
        />
        <Button look="primary" type="submit" disabled={signIn.isPending || wait !== undefined}>
          {t('auth.signIn')}
        </Button>
        <PasskeyDoor onEnter={(me) => enter(me, goal)} />
        <Link className="lnk" to="/forgotten">
          {t('account.forgotten')}
        </Link>
        {door.data?.signUp === 'open' ? (
          <p>
            {t('account.noAccount')}{' '}
            <Link className="lnk" to="/sign-up">
              {t('account.signUp')}
            </Link>
          </p>
        ) : (
          <p className="aside">
            <Icon of={Info} />
            <span>{t(door.data?.mail ? 'auth.byInvitation' : 'auth.noMail')}</span>
          </p>
        )}
      </form>
    </Gate>
  )
}

type Entered = Parameters<ReturnType<typeof useEnter>>[0]

/** Where passkeys work, one way in without a password. */
function PasskeyDoor({ onEnter }: { onEnter: (me: Entered) => void }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const api = useApi()
  const [possible] = useState(() => hindrance() === null)
  const open = useMutation({
    mutationFn: async () => {
      const { ticket, options } = await api.auth.passkeyQuestion({})
      const { startAuthentication } = await authenticator()
      // What the city made by the same library's other half; the contract keeps it as plain JSON.
      const optionsJSON = options as unknown as Parameters<typeof startAuthentication>[0]['optionsJSON']
      const response = UsedPasskey.parse(await startAuthentication({ optionsJSON }))
      return await api.auth.signInPasskey({ ticket, response })
    },
    onSuccess: onEnter,
  })
  const wait = useWait(open.error)
  if (!possible) return null
  const stopped = open.error && ['NotAllowedError', 'AbortError'].includes(open.error.name)
  const sentence = stopped
    ? t('account.passkeyNoneGiven')
    : open.error
      ? sentenceOf(failureOf(open.error), language)
      : undefined
  return (
    <>
      <Button
        icon={Fingerprint}
        disabled={open.isPending || wait !== undefined}
        onClick={() => open.mutate()}
      >
        {t('account.withPasskey')}
      </Button>
      <FieldError error={wait ?? sentence} />
    </>
  )
}
