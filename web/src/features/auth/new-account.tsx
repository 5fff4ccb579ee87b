import { Eye, EyeOff } from 'lucide-react'
import { type ComponentProps, type FormEvent, type ReactNode, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { FieldError, LabelledField } from '../../ui/field.tsx'
import {
  type NewAccount as Account,
  type Faults,
  faultsOf,
  PASSWORD_MIN,
  strengthOf,
} from './account-form.ts'
import { useWait } from './use-wait.ts'

interface NewAccountProps {
  act: string
  busy: boolean
  /** The city sends mail: the password is set later, by the link. */
  byMail?: boolean
  /** What came back from the city, if it refused. */
  error: unknown
  onName: (name: string) => void
  onSubmit: (account: Account) => void
  children?: ReactNode
}

/** The form of a new resident; each fault stands at its field, and the first of them takes the focus. */
export function NewAccount({
  act,
  busy,
  byMail = false,
  error,
  onName,
  onSubmit,
  children,
}: NewAccountProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const [account, setAccount] = useState({ name: '', email: '', password: '' })
  const [faults, setFaults] = useState<Faults>({})
  const form = useRef<HTMLFormElement>(null)
  const wait = useWait(error)
  const failure = error ? failureOf(error) : null
  const refused = failure && !wait ? sentenceOf(failure, language) : undefined
  const taken = failure?.code === 'auth.email_taken' ? refused : undefined

  const change = (field: keyof Account) => ({
    name: field,
    value: account[field],
    required: true,
    error: faults[field] && t(`auth.fault.${faults[field]}`, { count: PASSWORD_MIN }),
    onChange: ({ currentTarget }: { currentTarget: HTMLInputElement }) => {
      setAccount({ ...account, [field]: currentTarget.value })
      setFaults(({ [field]: _, ...rest }) => rest)
      if (field === 'name') onName(currentTarget.value)
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const { name, email, password } = account
    const given = { name: name.trim(), email: email.trim(), ...(!byMail && { password }) }
    const found = faultsOf(given)
    setFaults(found)
    const first = (['name', 'email', 'password'] as const).find((field) => found[field])
    if (first) form.current?.querySelector<HTMLInputElement>(`[name=${first}]`)?.focus()
    else onSubmit(given)
  }
  const email = change('email')
  return (
    <form ref={form} noValidate onSubmit={submit}>
      <div className="two">
        <LabelledField label={t('auth.name')} autoComplete="name" maxLength={80} {...change('name')} />
        <LabelledField
          label={t('auth.email')}
          type="email"
          autoComplete="email"
          maxLength={254}
          {...email}
          error={email.error ?? taken}
        />
      </div>
      {!byMail && (
        <PasswordField
          label={t('auth.password')}
          autoComplete="new-password"
          hint={hintOf()}
          {...change('password')}
        />
      )}
      <FieldError error={wait ?? (taken ? undefined : refused)} />
      <Button look="primary" type="submit" disabled={busy || wait !== undefined}>
        {act}
      </Button>
      {children}
    </form>
  )

  function hintOf(): string {
    const strength = strengthOf(account)
    return strength === 'short'
      ? t('auth.strength.short', { count: PASSWORD_MIN - [...account.password].length })
      : t(`auth.strength.${strength}`)
  }
}

/** A password that its owner may look at. */
export function PasswordField(props: Omit<ComponentProps<typeof LabelledField>, 'type' | 'after'>) {
  const { t } = useTranslation()
  const [shown, setShown] = useState(false)
  return (
    <LabelledField
      {...props}
      type={shown ? 'text' : 'password'}
      autoCapitalize="none"
      spellCheck={false}
      after={
        <IconButton
          icon={shown ? EyeOff : Eye}
          label={shown ? t('auth.hide') : t('auth.show')}
          aria-pressed={shown}
          onClick={() => setShown(!shown)}
        />
      }
    />
  )
}
