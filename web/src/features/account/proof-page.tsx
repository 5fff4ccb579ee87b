import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { Gate } from '../auth/gate.tsx'
import { useToken } from '../auth/use-token.ts'
import { useWait } from '../auth/use-wait.ts'

/** The mailed link that proves an address. */
export function VerifyPage() {
  const { t } = useTranslation()
  const api = useApi()
  const token = useToken('/verify')
  return (
    <Proof
      token={token}
      title={t('account.addressProved')}
      hint=""
      prove={() => api.auth.verifyEmail({ token })}
    />
  )
}

interface ProofProps {
  token: string
  title: string
  hint: string
  prove: () => Promise<unknown>
}

/** Asked once as the page opens: the link is a person's own act already. */
function Proof({ token, title, hint, prove }: ProofProps) {
  const { t } = useTranslation()
  const language = useLanguage()
  const proof = useQuery({
    queryKey: ['proof', token],
    queryFn: prove,
    enabled: token !== '',
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  })
  const wait = useWait(proof.error)
  if (proof.isSuccess) return <Proved title={title} hint={hint} />
  const failure = proof.error && failureOf(proof.error)
  if (token === '' || failure?.kind === 'forbidden' || failure?.kind === 'invalid')
    return <LinkOver missing={token === ''} />
  return (
    <Gate title={t('account.confirming')} caption={t('auth.whoIsHome')}>
      <div className="stack">
        {failure && (
          <>
            <FieldError error={wait ?? sentenceOf(failure, language)} />
            <Button disabled={wait !== undefined} onClick={() => void proof.refetch()}>
              {t('common.retry')}
            </Button>
          </>
        )}
      </div>
    </Gate>
  )
}

/** A link did its work; what is left is to sign in. */
export function Proved({ title, hint }: { title: string; hint: string }) {
  const { t } = useTranslation()
  return (
    <Gate title={title} caption={t('auth.whoIsHome')}>
      {hint !== '' && <p>{hint}</p>}
      <div className="stack">
        <Link className="btn btn-p" to="/sign-in">
          {t('auth.signIn')}
        </Link>
      </div>
    </Gate>
  )
}

/** A link that is no more, or came without its end. */
export function LinkOver({ missing }: { missing: boolean }) {
  const { t } = useTranslation()
  return (
    <Gate title={t('account.linkClosed')} caption={t('auth.whoIsHome')}>
      <p>{t(missing ? 'account.linkMissing' : 'account.linkClosedHint')}</p>
      <div className="stack">
        <Link className="btn" to="/sign-in">
          {t('auth.signIn')}
        </Link>
      </div>
    </Gate>
  )
}
