import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { may } from '../../../../src/services/auth/auth.rights.ts'
import type { Person } from '../../../../src/services/auth/residents.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FieldError, LabelledField } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ConfirmForm } from '../account/confirm-form.tsx'
import { Revoke } from '../auth/revoke.tsx'
import { useMe } from '../auth/session.ts'
import { PersonQuota } from '../quotas/quotas.tsx'
import { PEOPLE } from './queries.ts'

const ROLES = ['admin', 'resident'] as const

/** One person with what may be done about them by whoever looks. */
export function PersonRow({ of: person }: { of: Person }) {
  const { t } = useTranslation()
  const me = useMe()
  const mine = person.id === me?.id
  const changes =
    me !== null && !mine && may(me, 'resident.change', { type: 'resident', role: person.role }).permit
  return (
    <li className="set person">
      <span className="row">
        <Avatar of={person} small />
        <span className="grow">
          <b>{person.name}</b> {mine && <span className="tag">{t('rights.you')}</span>}
          <PersonFacts of={person} />
        </span>
      </span>
      {changes ? <Changes of={person} /> : <span className="tag">{t(`auth.role.${person.role}`)}</span>}
    </li>
  )
}

function PersonFacts({ of: { email, seenAt, disabled } }: { of: Person }) {
  const { t } = useTranslation()
  const format = useFormat()
  const facts = disabled
    ? [
        t('rights.disabledAt', { when: format.moment(disabled.at) }),
        ...(disabled.reason ? [t('rights.because', { reason: disabled.reason })] : []),
      ]
    : [seenAt ? t('rights.seen', { when: format.moment(seenAt) }) : t('rights.neverSeen')]
  return <span className="meta">{[...(email ? [email] : []), ...facts].join(' · ')}</span>
}

function Changes({ of: person }: { of: Person }) {
  const { t } = useTranslation()
  const api = useApi()
  const me = useMe()
  const format = useFormat()
  const queries = useQueryClient()
  const refresh = () => queries.invalidateQueries({ queryKey: PEOPLE })
  const change = useMutation({
    mutationFn: (wish: { role?: (typeof ROLES)[number]; disabled?: boolean; reason?: string }) =>
      api.auth.changeResident({ principal: person.id, ...wish }),
    onSettled: refresh,
  })
  const handOver = useMutation({
    mutationFn: (principal: string) => api.auth.handOver({ principal }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['me'] }),
    onSettled: refresh,
  })
  return (
    <span className="row acts">
      <select
        className="field"
        aria-label={t('rights.roleOf', { name: person.name })}
        value={person.role}
        disabled={change.isPending}
        onChange={({ currentTarget }) => {
          const role = ROLES[currentTarget.selectedIndex]
          if (role) change.mutate({ role })
        }}
      >
        {ROLES.map((role) => (
          <option key={role} value={role}>
            {t(`auth.role.${role}`)}
          </option>
        ))}
      </select>
      {person.disabled ? (
        <Button
          small
          aria-label={`${t('rights.enable')}: ${person.name}`}
          disabled={change.isPending}
          onClick={() => change.mutate({ disabled: false })}
        >
          {t('rights.enable')}
        </Button>
      ) : (
        <ShutOut
          of={person}
          pending={change.isPending}
          shutOut={(reason) => change.mutateAsync({ disabled: true, ...(reason !== '' && { reason }) })}
        />
      )}
      <PersonQuota of={person} />
      {me?.role === 'owner' && <Erase of={person} onErased={refresh} />}
      {me?.role === 'owner' && !person.disabled && (
        <Revoke
          id={person.id}
          act={t('rights.handOver')}
          about={person.name}
          title={t('rights.handOverTitle', { name: person.name })}
          consequence={t('rights.handOverThen')}
          keep={t('rights.keep')}
          revoke={handOver}
        />
      )}
      <FieldError error={change.error ? sentenceOf(failureOf(change.error), format.language) : undefined} />
    </span>
  )
}

interface ShutOutProps {
  of: Person
  pending: boolean
  shutOut: (reason: string) => Promise<unknown>
}

function ShutOut({ of: { name }, pending, shutOut }: ShutOutProps) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    // What went wrong stands in the row.
    void shutOut(String(new FormData(event.currentTarget).get('reason')).trim()).then(close, close)
  }
  return (
    <>
      <Button small look="quiet" aria-label={`${t('rights.disable')}: ${name}`} onClick={() => setOpen(true)}>
        {t('rights.disable')}
      </Button>
      <Dialog title={t('rights.disableTitle', { name })} open={open} onClose={close}>
        <form className="stack" onSubmit={submit}>
          <p>{t('rights.disableThen')}</p>
          <LabelledField
            label={t('rights.reason')}
            hint={t('rights.reasonHint')}
            name="reason"
            maxLength={500}
          />
          <div className="end">
            <Button onClick={close}>{t('rights.keep')}</Button>
            <Button look="danger" type="submit" disabled={pending}>
              {t('rights.disable')}
            </Button>
          </div>
        </form>
      </Dialog>
    </>
  )
}

/** Erases somebody for good, after saying what goes and what stays; only the owner may. */
function Erase({ of: person, onErased }: { of: Person; onErased: () => unknown }) {
  const { t } = useTranslation()
  const api = useApi()
  const say = useToast()
  const [open, setOpen] = useState(false)
  const erase = useMutation({
    mutationFn: (password: string) => api.auth.erase({ principal: person.id, password }),
    onSuccess: () => {
      setOpen(false)
      say({ text: t('rights.erased', { name: person.name }) })
      return onErased()
    },
  })
  return (
    <>
      <Button
        small
        look="quiet"
        aria-label={`${t('rights.erase')}: ${person.name}`}
        onClick={() => setOpen(true)}
      >
        {t('rights.erase')}
      </Button>
      <Dialog
        title={t('rights.eraseTitle', { name: person.name })}
        open={open}
        onClose={() => setOpen(false)}
      >
        <ConfirmForm
          act={t('rights.eraseDo')}
          danger
          busy={erase.isPending}
          error={erase.error}
          onConfirm={(password) => erase.mutate(password)}
          onClose={() => setOpen(false)}
        >
          <p>{t('rights.eraseGoes')}</p>
          <p>{t('rights.eraseStays')}</p>
          <p className="meta">{t('rights.eraseInstead')}</p>
        </ConfirmForm>
      </Dialog>
    </>
  )
}
