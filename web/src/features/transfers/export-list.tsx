import { useQuery } from '@tanstack/react-query'
import { CircleAlert, Download } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import type { Export } from '../../../../src/services/city/transfers.contract.ts'
import { useApi } from '../../context.tsx'
import { sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { ListState } from '../auth/list-state.tsx'

export const EXPORTS = ['exports']
const LOOK_AGAIN_MS = 2000

/** My archives, or those of one room, as far as they are; looked at again while one is being written. */
export function ExportList({ room }: { room?: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const exports = useQuery({
    queryKey: EXPORTS,
    queryFn: async () => (await api.city.exports({})).items,
    refetchInterval: ({ state }) =>
      state.data?.some((one) => one.state === 'waiting' || one.state === 'running') ? LOOK_AGAIN_MS : false,
  })
  const shown = exports.data?.filter((one) => room === undefined || one.room?.id === room)
  return (
    <>
      <ListState query={{ ...exports, data: shown }} empty={t('account.transfers.none')} />
      {shown && shown.length > 0 && (
        <ul className="rows">
          {shown.map((one) => (
            <Row key={one.id} one={one} />
          ))}
        </ul>
      )}
    </>
  )
}

function Row({ one }: { one: Export }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { id, state, error, room } = one
  const name = room
    ? t('account.transfers.ofRoom', { room: room.name || room.slug })
    : t('account.transfers.mine')
  return (
    <li className="set">
      <b className="trim">{name}</b>
      <span className="meta">
        {t('account.transfers.made', {
          format: t(`account.transfers.format.${one.format}`),
          when: format.moment(one.createdAt),
        })}
      </span>
      <span className="meta" role="status">
        {state === 'failed' ? (
          <span className="fail">
            <Icon of={CircleAlert} size="s" />
            <span>{error && sentenceOf(error, format.language)}</span>
          </span>
        ) : (
          t(`account.transfers.state.${state}`, {
            done: format.count(one.done),
            total: format.count(one.total),
            size: format.bytes(one.sizeBytes ?? 0),
            when: one.expiresAt ? format.moment(one.expiresAt) : '',
          })
        )}
      </span>
      {state === 'done' && (
        <a
          className="btn btn-s"
          href={`/api/city/exports/${encodeURIComponent(id)}/archive`}
          download
          aria-label={`${t('account.transfers.download')}: ${name}`}
        >
          <Icon of={Download} size="s" />
          {t('account.transfers.download')}
        </a>
      )}
    </li>
  )
}
