import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { ListState } from '../auth/list-state.tsx'
import { Passkeys } from './passkeys.tsx'
import { PasswordRow } from './password-row.tsx'
import { Sessions } from './sessions.tsx'
import { SettingsFrame } from './settings-frame.tsx'
import { TotpRow } from './totp-row.tsx'
import { SECURITY } from './use-security.ts'

/** What guards the account: the password, the second step, passkeys, and where one is signed in. */
export function SecurityPage() {
  const { t } = useTranslation()
  const api = useApi()
  const security = useQuery({ queryKey: SECURITY, queryFn: () => api.auth.security({}) })
  const { data, error, refetch } = security
  return (
    <SettingsFrame title={t('account.security')}>
      <section aria-labelledby="password">
        <h2 id="password">{t('account.password')}</h2>
        <ListState query={{ data: data && [data], error, refetch }} empty="" />
        {data && (
          <div className="rows">
            <PasswordRow changedAt={data.passwordChangedAt} />
            <TotpRow state={data.totp} />
          </div>
        )}
      </section>
      {data && <Passkeys passkeys={data.passkeys} />}
      <Sessions />
    </SettingsFrame>
  )
}
