import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link as LinkIcon } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Reset } from '../../../../src/services/auth/accounts.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { KeyOnce } from '../../ui/key-once.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useDoor } from '../auth/gate.tsx'
import { ListState } from '../auth/list-state.tsx'
import { Revoke } from '../auth/revoke.tsx'

const SIGN_UPS = ['sign-ups']
const RESETS = ['resets']

/** Who asked at the door and waits for an admin's word; only where that is how one comes in. */
export function WaitingPeople() {
  const { t } = useTranslation()
  const format = useFormat()
  const api = useApi()
  const say = useToast()
  const queries = useQueryClient()
  const door = useDoor()
  const refresh = () => queries.invalidateQueries({ queryKey: SIGN_UPS })
  const waiting = useQuery({
    queryKey: SIGN_UPS,
    queryFn: async () => (await api.auth.signUps({})).items,
    enabled: door.data?.signUp === 'open',
  })
  const approve = useMutation({
    mutationFn: (signUp: string) => api.auth.approveSignUp({ signUp }),
    onSuccess: ({ name }) => {
      say({ text: t('account.letInDone', { name }) })
      void queries.invalidateQueries({ queryKey: ['residents'] })
    },
    onSettled: refresh,
  })
  const refuse = useMutation({
    mutationFn: (signUp: string) => api.auth.refuseSignUp({ signUp }),
    onSettled: refresh,
  })
  if (door.data?.signUp !== 'open') return null
  return (
    <section aria-labelledby="waiting">
      <h2 id="waiting">{t('account.waiting')}</h2>
      <p className="meta">{t('account.waitingHint')}</p>
      <ListState query={waiting} empty={t('account.nobodyWaits')} />
      {waiting.data && waiting.data.length > 0 && (
        <ul className="rows">
          {waiting.data.map((one) => (
            <li className="set" key={one.id}>
              <b>{one.name}</b>
              <span className="meta">
                {one.email} · {t('account.askedAt', { when: format.moment(one.createdAt) })}
              </span>
              <span className="row wrap">
                <Revoke
                  id={one.id}
                  act={t('account.turnAway')}
                  about={one.name}
                  title={t('account.turnAwayTitle', { name: one.name })}
                  consequence={t('account.turnAwayThen')}
                  keep={t('account.keepWaiting')}
                  revoke={refuse}
                />
                <Button
                  small
                  aria-label={`${t('account.letIn')}: ${one.name}`}
                  disabled={approve.isPending}
                  onClick={() => approve.mutate(one.id)}
                >
                  {t('account.letIn')}
                </Button>
              </span>
            </li>
          ))}
        </ul>
      )}
      <FieldError error={approve.error ? sentenceOf(failureOf(approve.error), format.language) : undefined} />
    </section>
  )
}

/** Who forgot their password, where no mail takes them the link: an admin hands it over. */
export function ForgottenPasswords() {
  const { t } = useTranslation()
  const format = useFormat()
  const api = useApi()
  const [shown, setShown] = useState<{ reset: Reset; link: string } | null>(null)
  const resets = useQuery({ queryKey: RESETS, queryFn: async () => (await api.auth.resets({})).items })
  const show = useMutation({
    mutationFn: async (reset: Reset) => ({ reset, ...(await api.auth.resetLink({ reset: reset.id })) }),
    onSuccess: setShown,
  })
  if (!resets.data || (resets.data.length === 0 && !shown)) return null
  return (
    <section aria-labelledby="resets">
      <h2 id="resets">{t('account.resets')}</h2>
      <p className="meta">{t('account.resetsHint')}</p>
      {shown && (
        <KeyOnce
          icon={LinkIcon}
          title={t('account.resetLinkTitle', { name: shown.reset.person.name })}
          about={t('account.resetLinkAbout', { when: format.moment(shown.reset.expiresAt) })}
          text={shown.link}
          words={t('auth.copyWords', { returnObjects: true })}
          done={t('account.resetLinkDone')}
          lost={t('account.resetLinkLost')}
          onDone={() => setShown(null)}
        />
      )}
      <ul className="rows">
        {resets.data.map((reset) => (
          <li className="set" key={reset.id}>
            <span className="row">
              <Avatar of={reset.person} small />
              <b>{reset.person.name}</b>
            </span>
            <span className="meta">{t('account.askedAt', { when: format.moment(reset.createdAt) })}</span>
            <Button
              small
              aria-label={`${t('account.showLink')}: ${reset.person.name}`}
              disabled={show.isPending}
              onClick={() => show.mutate(reset)}
            >
              {t('account.showLink')}
            </Button>
          </li>
        ))}
      </ul>
      <FieldError error={show.error ? sentenceOf(failureOf(show.error), format.language) : undefined} />
    </section>
  )
}
