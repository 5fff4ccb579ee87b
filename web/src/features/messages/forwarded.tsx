import { Link } from '@tanstack/react-router'
import { Forward, Import } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { useFormat } from '../../i18n/format.ts'
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

const PLACES = { slack: 'Slack', mattermost: 'Mattermost', telegram: 'Telegram' } as const

/** That it was said elsewhere, by whoever is named and at the moment that stands there; and when it came. */
export function Imported({ imported }: { imported: NonNullable<Message['imported']> }) {
  const { t } = useTranslation()
  const format = useFormat()
  return (
    <div className="answers">
      <Icon of={Import} size="xs" />
      <span className="trim">
        {t('talk.importedFrom', { place: PLACES[imported.from], when: format.moment(imported.at) })}
      </span>
    </div>
  )
}
