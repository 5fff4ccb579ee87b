import { useMutation, useQuery } from '@tanstack/react-query'
import { Monitor, Smartphone } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Session } from '../../../../src/services/auth/accounts.contract.ts'
import { useApi } from '../../context.tsx'
import { useFormat } from '../../i18n/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ListState } from '../auth/list-state.tsx'
import { Revoke } from '../auth/revoke.tsx'
import { SESSIONS, useRefreshSecurity } from './use-security.ts'

/** Where one is signed in; each can be ended, or all but this one. */
export function Sessions() {
  const { t } = useTranslation()
  const format = useFormat()
  const api = useApi()
  const say = useToast()
  const refresh = useRefreshSecurity()
  const sessions = useQuery({
    queryKey: SESSIONS,
    queryFn: async () => (await api.auth.sessions({})).items,
  })
  const end = useMutation({
    mutationFn: (session: string) => api.auth.endSession({ session }),
    onSettled: refresh,
  })
  const endOthers = useMutation({
    mutationFn: (_: string) => api.auth.endSessions({ except: 'current' }),
    onSuccess: () => say({ text: t('account.endedOthers') }),
    onSettled: refresh,
  })
  const nameOf = ({ browser, system }: Session) =>
    browser && system
      ? t('account.device', { browser, system })
      : (browser ?? system ?? t('account.unknownDevice'))
  return (
    <section aria-labelledby="sessions">
      <h2 id="sessions">{t('account.sessions')}</h2>
      <ListState query={sessions} empty={t('account.noSessions')} />
      {sessions.data && sessions.data.length > 0 && (
        <ul className="rows">
          {sessions.data.map((session) => (
            <li className="set" key={session.id}>
              <b className="ic">
                <Icon of={session.phone ? Smartphone : Monitor} />
                <span>
                  {nameOf(session)}{' '}
                  {session.current && <span className="tag tag-e">{t('account.thisOne')}</span>}
                </span>
              </b>
              <span className="meta">
                {[
                  session.address,
                  t('account.since', { when: format.moment(session.createdAt) }),
                  session.current ? null : t('account.seen', { when: format.moment(session.lastSeenAt) }),
                ]
                  .filter((part) => part !== null)
                  .join(' · ')}
              </span>
              {session.current ? (
                <span />
              ) : (
                <Revoke
                  id={session.id}
                  act={t('account.endSession')}
                  about={nameOf(session)}
                  title={t('account.endSessionTitle')}
                  consequence={t('account.endSessionThen')}
                  keep={t('account.keepSession')}
                  revoke={end}
                />
              )}
            </li>
          ))}
        </ul>
      )}
      {sessions.data && sessions.data.length > 1 && (
        <div className="after">
          <Revoke
            id="others"
            act={t('account.endOthers')}
            about={t('account.sessions')}
            title={t('account.endOthers')}
            consequence={t('account.endOthersThen')}
            keep={t('account.keepSession')}
            revoke={endOthers}
          />
        </div>
      )}
    </section>
  )
}
