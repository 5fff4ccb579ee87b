import { Link } from '@tanstack/react-router'
import { Forward } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { Icon } from '../../ui/icon.tsx'

/** Whose words these are, and where they were said for those who may read them there. */
export function Forwarded({ forwarded }: { forwarded: NonNullable<Message['forwarded']> }) {
  const { t } = useTranslation()
  const { author, room, message } = forwarded
  return (
    <div className="answers">
      <Icon of={Forward} size="xs" />
      <span className="trim">{t('talk.forwardedFrom', { name: author.name })}</span>
      {room && (
        <Link to="/rooms/$room" params={{ room: room.slug }} search={{ message }}>
          {t('talk.forwardedWhere', { room: room.name })}
        </Link>
      )}
    </div>
  )
}
