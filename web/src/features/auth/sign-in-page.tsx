import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField } from '../../ui/field.tsx'

/** The door for those who have an account. */
export function SignInPage() {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const language = useLanguage()
  const { to } = useSearch({ from: '/sign-in' })
  const signIn = useMutation({
    mutationFn: (input: { email: string; password: string }) => api.auth.signIn(input),
    onSuccess: async (me) => {
      queries.clear()
      queries.setQueryData(['me'], me)
      await navigate({ to: to ?? '/' })
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    signIn.mutate({ email: String(form.get('email')), password: String(form.get('password')) })
  }
  return (
    <main className="grid min-h-dvh place-items-center p-6">
      <form className="grid w-full max-w-100 gap-4" onSubmit={submit}>
        <h1>{t('auth.welcomeBack')}</h1>
        <LabelledField label={t('auth.email')} name="email" type="email" autoComplete="username" required />
        <LabelledField
          label={t('auth.password')}
          name="password"
          type="password"
          autoComplete="current-password"
          required
        />
        <FieldError error={signIn.error ? sentenceOf(failureOf(signIn.error), language) : undefined} />
        <Button look="primary" type="submit" disabled={signIn.isPending}>
          {t('auth.signIn')}
        </Button>
      </form>
    </main>
  )
}
