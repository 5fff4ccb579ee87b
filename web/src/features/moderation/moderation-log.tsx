import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { useFormat } from '../../i18n/format.ts'
import { More, usePages } from '../../ui/pages.tsx'
import { ListState } from '../auth/list-state.tsx'

/** What moderators did, newest first; of one room, or of all. */
export function ModerationLog({ room }: { room?: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const log = usePages({
    queryKey: ['moderation-log', room],
    page: (after) =>
      api.city.moderationLog({
        ...(room !== undefined && { room }),
        after,
      }),
  })
  const { items } = log
  return (
    <section aria-label={t('moderation.log')}>
      <ListState
        query={{ data: items, error: log.error, refetch: log.refetch }}
        empty={t('moderation.nothingLogged')}
      />
      <ol className="rows deeds">
        {items?.map((entry) => (
          <li className="set" key={entry.id}>
            <span>
              <b>{entry.actor.name}</b>{' '}
              {t(`moderation.deed.${entry.action}`, { name: entry.subject?.name ?? '' })}
              {room === undefined && entry.room && <span className="meta"> · {entry.room.name}</span>}
              {entry.reason !== null && <q className="meta">{entry.reason}</q>}
            </span>
            <time className="meta" dateTime={entry.at}>
              {format.moment(entry.at)}
            </time>
          </li>
        ))}
      </ol>
      <More of={log} />
    </section>
  )
}
