import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import type { Quota } from '../../../../src/services/city/quotas.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ListState } from '../auth/list-state.tsx'
import { useMe } from '../auth/session.ts'
import { LimitForm } from './limit-form.tsx'
import { QuotaMeter } from './quota-meter.tsx'

/** The space of one's own files, in the settings. */
export function MyQuota() {
  const { t } = useTranslation()
  const api = useApi()
  const quota = useQuery({ queryKey: ['quota', 'me'], queryFn: () => api.city.quota({}), staleTime: 0 })
  return (
    <section aria-labelledby="quota">
      <h2 id="quota">{t('account.quotas.mine')}</h2>
      <p className="meta">{t('account.quotas.mineHint')}</p>
      <Measured query={quota} label={t('account.quotas.mine')} />
    </section>
  )
}

/** The space of a room's files: seen by those who keep it, set by those who run the city. */
export function RoomQuota({ room }: { room: Room }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const mayLimit = isOperator(useMe())
  const queryKey = ['quota', room.id]
  const quota = useQuery({ queryKey, queryFn: () => api.city.roomQuota({ room: room.id }), staleTime: 0 })
  return (
    <section aria-labelledby="quota">
      <h2 id="quota">{t('account.quotas.room')}</h2>
      <Measured query={quota} label={t('account.quotas.room')} />
      {quota.data && mayLimit && (
        <LimitForm
          of={quota.data}
          put={(limitBytes) => api.city.limitRoom({ room: room.id, limitBytes })}
          onPut={(now) => queries.setQueryData(queryKey, now)}
        />
      )}
    </section>
  )
}

/** A button that opens what somebody's files take, and its limit. */
export function PersonQuota({ of: { id, name } }: { of: { id: string; name: string } }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const title = t('account.quotas.of', { name })
  return (
    <>
      <Button
        small
        look="quiet"
        aria-label={`${t('account.quotas.open')}: ${name}`}
        onClick={() => setOpen(true)}
      >
        {t('account.quotas.open')}
      </Button>
      <Dialog title={title} open={open} onClose={() => setOpen(false)}>
        <OfPerson id={id} label={title} />
      </Dialog>
    </>
  )
}

function OfPerson({ id, label }: { id: string; label: string }) {
  const api = useApi()
  const queries = useQueryClient()
  const queryKey = ['quota', id]
  const quota = useQuery({
    queryKey,
    queryFn: () => api.city.personQuota({ principal: id }),
    staleTime: 0,
  })
  return (
    <>
      <Measured query={quota} label={label} />
      {quota.data && (
        <LimitForm
          of={quota.data}
          put={(limitBytes) => api.city.limitPerson({ principal: id, limitBytes })}
          onPut={(now) => queries.setQueryData(queryKey, now)}
        />
      )}
    </>
  )
}

interface MeasuredProps {
  query: { data: Quota | undefined; error: unknown; refetch: () => unknown }
  label: string
}

function Measured({ query, label }: MeasuredProps) {
  const { data, error, refetch } = query
  if (data) return <QuotaMeter of={data} label={label} />
  return <ListState query={{ data: undefined, error, refetch }} empty="" />
}
