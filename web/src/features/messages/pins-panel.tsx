import { useQuery } from '@tanstack/react-query'
import { Pin } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { FieldError } from '../../ui/field.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { useTalk } from '../city/talk-context.tsx'
import { PlacedMessage } from './placed-message.tsx'

/** What is pinned in a room, the last pinned first; a press goes there. */
export function PinsPanel({ room }: { room: Room }) {
  const { t } = useTranslation()
  const api = useApi()
  const language = useLanguage()
  const talk = useTalk()
  const pins = useQuery({
    queryKey: ['pins', room.id],
    queryFn: () => api.city.pins({ room: room.id }),
    staleTime: 0,
  })
  return (
    <div className="pt">
      <div className="scroll ppl">
        <FieldError error={pins.error ? sentenceOf(failureOf(pins.error), language) : undefined} />
        {pins.data?.items.length === 0 && (
          <EmptyState icon={Pin} title={t('talk.pins')}>
            <p>{t('talk.noPins')}</p>
          </EmptyState>
        )}
        {pins.data?.items.map((message) => (
          <PlacedMessage key={message.id} message={message} onOpen={() => talk.goTo(message.id)} />
        ))}
      </div>
    </div>
  )
}
