import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import type { Format } from '../../i18n/format.ts'
import { AgentStream } from './agent-stream.tsx'
import { MessageView } from './message-view.tsx'
import { OutgoingView } from './outgoing-view.tsx'
import type { Row } from './rows.ts'

interface LogRowProps {
  row: Exclude<Row, { kind: 'head' }>
  target: string | null
  format: Format
}

/** One row of the log, by its kind. */
export function LogRow({ row, target, format }: LogRowProps) {
  const { t } = useTranslation()
  switch (row.kind) {
    case 'day':
      return (
        <div className="rule">
          <time dateTime={row.at.slice(0, 10)}>{dayName(row.at, format, t)}</time>
        </div>
      )
    case 'new':
      return <div className="rule new">{t('city.newRule')}</div>
    case 'message':
      return (
        <MessageView message={row.message} continued={row.continued} targeted={row.message.id === target} />
      )
    case 'stream':
      return <AgentStream run={row.run} asked={row.message} stream={row.stream} />
    case 'out':
      return <OutgoingView entry={row.entry} continued={row.continued} />
  }
}

const DAY_MS = 86_400_000

function dayName(at: string, format: Format, t: TFunction): string {
  const now = Date.now()
  const day = new Date(at).toDateString()
  if (day === new Date(now).toDateString()) return t('common.today')
  if (day === new Date(now - DAY_MS).toDateString()) return t('common.yesterday')
  return format.day(at, now)
}
