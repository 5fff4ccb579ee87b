import './moderation.css'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { FilterRule, Sanction } from '../../../../src/services/city/moderation.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { LabelledSelect } from '../../ui/field.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ListState } from '../auth/list-state.tsx'
import { ModerationLog } from './moderation-log.tsx'
import { RulesEditor } from './rules-editor.tsx'

const PACES = [0, 5, 10, 30, 60, 300, 900, 3600, 21_600] as const

/** How a room is kept in order: its pace, its word filter, who is restricted in it, and what was done. */
export function RoomModeration({ room }: { room: Room }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const format = useFormat()
  const say = useToast()
  const key = ['room-moderation', room.id]
  const settings = useQuery({
    queryKey: key,
    queryFn: () => api.city.roomModeration({ room: room.id }),
  })
  const change = useMutation({
    mutationFn: (wish: { slowSeconds: number; rules: FilterRule[] }) =>
      api.city.moderateRoom({ room: room.id, ...wish }),
    onSuccess: async (now) => {
      queries.setQueryData(key, now)
      say({ text: t('moderation.saved') })
      await queries.invalidateQueries({ queryKey: ['moderation-log', room.id] })
    },
  })
  const now = settings.data
  return (
    <section className="order" aria-labelledby="order">
      <h2 id="order">{t('moderation.section')}</h2>
      {!now && <ListState query={{ ...settings, data: undefined }} empty="" />}
      {now && (
        <>
          <LabelledSelect
            label={t('moderation.slow')}
            value={now.slowSeconds}
            options={[...new Set([...PACES, now.slowSeconds])].map((value) => ({
              value,
              label: value === 0 ? t('moderation.slowNone') : format.span(value * 1000),
            }))}
            onChange={(slowSeconds) => change.mutate({ slowSeconds, rules: now.rules })}
          />
          <p className="meta">{t('moderation.slowHint')}</p>
          <h3>{t('moderation.filter')}</h3>
          <p className="meta">{t('moderation.filterHint')}</p>
          <RulesEditor
            rules={now.rules}
            pending={change.isPending}
            error={change.error ? sentenceOf(failureOf(change.error), language) : undefined}
            onChange={(rules) =>
              change.mutateAsync({ slowSeconds: now.slowSeconds, rules }).then(
                () => true,
                () => false,
              )
            }
          />
        </>
      )}
      <h3>{t('moderation.people')}</h3>
      <Sanctions room={room} />
      <details>
        <summary>{t('moderation.log')}</summary>
        <ModerationLog room={room.id} />
      </details>
    </section>
  )
}

function Sanctions({ room }: { room: Room }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const format = useFormat()
  const say = useToast()
  const key = ['sanctions', room.id]
  const sanctions = useQuery({
    queryKey: key,
    queryFn: async () => (await api.city.sanctions({ room: room.id })).items,
  })
  const lift = useMutation({
    mutationFn: ({ kind, person }: Sanction) => {
      const about = { room: room.id, principal: person.id }
      return kind === 'mute' ? api.city.unmute(about) : api.city.unban(about)
    },
    onSuccess: (_, { person }) => say({ text: t('moderation.lifted', { name: person.name }) }),
    onError: (cause) => say({ text: sentenceOf(failureOf(cause), language) }),
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  })
  return (
    <>
      <ListState query={sanctions} empty={t('moderation.nobody')} />
      <ul className="rows">
        {sanctions.data?.map((one) => (
          <li className="set" key={one.id}>
            <span className="row">
              <Avatar of={one.person} small />
              <b>{one.person.name}</b>
            </span>
            <span className="meta">
              {one.kind === 'mute' && one.until !== null
                ? t('moderation.restricted.mute', { until: format.moment(one.until), reason: one.reason })
                : t('moderation.restricted.ban', { reason: one.reason })}
            </span>
            <Button
              small
              aria-label={t('moderation.liftFor', { name: one.person.name })}
              disabled={lift.isPending}
              onClick={() => lift.mutate(one)}
            >
              {t('moderation.lift')}
            </Button>
          </li>
        ))}
      </ul>
    </>
  )
}
