import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link as LinkIcon, Plus } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Invitation } from '../../../../src/services/auth/auth.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Choice, FieldError, LabelledSelect } from '../../ui/field.tsx'
import { KeyOnce } from '../../ui/key-once.tsx'
import { ListState } from './list-state.tsx'
import { Revoke } from './revoke.tsx'

const INVITATIONS = ['invitations']
const DAYS = [1, 7, 30, 90] as const
const DAY_MS = 24 * 3600_000
const USES = [1, 5, 20, 100] as const

type Made = Invitation & { link: string }

/** The links that let people in. */
export function Invitations() {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const queries = useQueryClient()
  const [making, setMaking] = useState(false)
  const [made, setMade] = useState<Made | null>(null)
  const invitations = useQuery({
    queryKey: INVITATIONS,
    queryFn: async () => (await api.auth.invitations({})).items,
  })
  const revoke = useMutation({
    mutationFn: (invitation: string) => api.auth.revokeInvitation({ invitation }),
    onSuccess: (_, id) => {
      if (made?.id === id) setMade(null)
    },
    onSettled: () => queries.invalidateQueries({ queryKey: INVITATIONS }),
  })
  const place = useRef<HTMLElement>(null)
  // The lists above push this one down as they come, so a link to it is followed once its own list is here.
  useEffect(() => {
    if (invitations.isFetched && location.hash === '#invitations') place.current?.scrollIntoView()
  }, [invitations.isFetched])
  const about = ({ role, maxUses, expiresAt }: Invitation) =>
    [
      t(`auth.role.${role}`),
      t('auth.forPeople', { count: maxUses }),
      t('auth.until', { when: format.moment(expiresAt) }),
    ].join(' · ')
  return (
    <section aria-labelledby="invitations" ref={place}>
      <h2 id="invitations">{t('auth.invitations')}</h2>
      <p className="meta">{t('auth.invitationsHint')}</p>
      {made && (
        <KeyOnce
          icon={LinkIcon}
          title={t('auth.linkOnceTitle')}
          about={about(made)}
          text={made.link}
          words={t('auth.copyWords', { returnObjects: true })}
          done={t('auth.kept')}
          lost={t('auth.linkLost')}
          onDone={() => setMade(null)}
        />
      )}
      <ListState query={invitations} empty={t('auth.noInvitations')} />
      {invitations.data && invitations.data.length > 0 && (
        <ul className="rows">
          {invitations.data.map((invitation) => (
            <li className="set" key={invitation.id}>
              <b>{about(invitation)}</b>
              <span className="meta">
                {t('auth.madeAt', { when: format.moment(invitation.createdAt) })} ·{' '}
                {t('auth.usedOf', { uses: invitation.uses, total: invitation.maxUses })}
              </span>
              <Revoke
                id={invitation.id}
                act={t('auth.withdraw')}
                about={about(invitation)}
                title={t('auth.withdrawTitle')}
                consequence={t('auth.withdrawThen')}
                keep={t('auth.keepInvitation')}
                revoke={revoke}
              />
            </li>
          ))}
        </ul>
      )}
      <Button small icon={Plus} className="after" onClick={() => setMaking(true)}>
        {t('auth.newInvitation')}
      </Button>
      <MakeInvitation
        open={making}
        onClose={() => setMaking(false)}
        onMade={(invitation) => {
          setMade(invitation)
          setMaking(false)
          void queries.invalidateQueries({ queryKey: INVITATIONS })
        }}
      />
    </section>
  )
}

interface MakeInvitationProps {
  open: boolean
  onClose: () => void
  onMade: (invitation: Made) => void
}

function MakeInvitation({ open, onClose, onMade }: MakeInvitationProps) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const [role, setRole] = useState<'resident' | 'admin'>('resident')
  const [days, setDays] = useState<(typeof DAYS)[number]>(7)
  const [uses, setUses] = useState<(typeof USES)[number]>(1)
  const make = useMutation({
    mutationFn: () =>
      api.auth.invite({
        role,
        uses,
        expiresAt: new Date(Date.now() + days * DAY_MS).toISOString(),
      }),
    onSuccess: onMade,
  })
  return (
    <Dialog title={t('auth.newInvitation')} open={open} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          make.mutate()
        }}
      >
        <Choice
          label={t('auth.comesAs')}
          value={role}
          options={[
            { value: 'resident', label: t('auth.role.resident'), hint: t('auth.sees.resident') },
            { value: 'admin', label: t('auth.role.admin'), hint: t('auth.sees.admin') },
          ]}
          onChange={setRole}
        />
        <LabelledSelect
          label={t('auth.worksFor')}
          value={days}
          options={DAYS.map((value) => ({ value, label: t('auth.days', { count: value }) }))}
          onChange={setDays}
        />
        <LabelledSelect
          label={t('auth.howMany')}
          value={uses}
          options={USES.map((value) => ({ value, label: t('auth.people', { count: value }) }))}
          onChange={setUses}
        />
        <FieldError error={make.error ? sentenceOf(failureOf(make.error), format.language) : undefined} />
        <div className="end">
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button look="primary" type="submit" disabled={make.isPending}>
            {t('auth.makeLink')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
