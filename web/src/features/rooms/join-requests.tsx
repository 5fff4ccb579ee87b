import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { useToast } from '../../ui/toast.tsx'
import { ListState } from '../auth/list-state.tsx'

/** Who asks to be let in, oldest first, with what they say. */
export function JoinRequests({ room }: { room: Room }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const format = useFormat()
  const say = useToast()
  const key = ['requests', room.id]
  const requests = useQuery({
    queryKey: key,
    queryFn: async () => (await api.city.joinRequests({ room: room.id })).items,
  })
  const decide = useMutation({
    mutationFn: (decision: { principal: string; accept: boolean }) =>
      api.city.decideRequest({ room: room.id, ...decision }),
    onError: (cause) => say({ text: sentenceOf(failureOf(cause), language) }),
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: key })
      await queries.invalidateQueries({ queryKey: ['members', room.id] })
    },
  })
  return (
    <section aria-labelledby="requests">
      <h2 id="requests">{t('rooms.requests')}</h2>
      <ListState query={requests} empty={t('rooms.noRequests')} />
      <ul className="rows">
        {requests.data?.map(({ person, note, askedAt }) => (
          <li className="set" key={person.id}>
            <span className="row">
              <Avatar of={person} small />
              <b>{person.name}</b>
            </span>
            <span className="meta">
              <time dateTime={askedAt}>{format.moment(askedAt)}</time>
              {note !== '' && <> · {note}</>}
            </span>
            <span className="row">
              <Button
                small
                aria-label={t('rooms.acceptName', { name: person.name })}
                disabled={decide.isPending}
                onClick={() => decide.mutate({ principal: person.id, accept: true })}
              >
                {t('rooms.accept')}
              </Button>
              <Button
                small
                look="quiet"
                aria-label={t('rooms.refuseName', { name: person.name })}
                disabled={decide.isPending}
                onClick={() => decide.mutate({ principal: person.id, accept: false })}
              >
                {t('rooms.refuse')}
              </Button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
