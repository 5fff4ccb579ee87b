import { useQuery } from '@tanstack/react-query'
import { AudioLines, FileText, Film } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { RoomFile } from '../../../../src/services/city/files.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { thumbnailUrl } from '../../api.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat, useLanguage } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { Segmented } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { More, usePages } from '../../ui/pages.tsx'
import { QuotaMeter } from '../quotas/quota-meter.tsx'
import { Picture } from './parts/picture.tsx'
import { useTalk } from './talk-context.tsx'

const KINDS = ['image', 'file', 'audio'] as const
type Kind = (typeof KINDS)[number]

/** What was brought to a room: pictures, documents, recordings; each leads to where it was said. */
export function FilesPanel({ room, onClose }: { room: Room; onClose: () => void }) {
  const { t } = useTranslation()
  const [kind, setKind] = useState<Kind>('image')
  return (
    <div className="pt files-panel">
      <Segmented
        label={t('city.filesKind')}
        value={kind}
        options={KINDS.map((value) => ({ value, label: t(`city.filesOf.${value}`) }))}
        onChange={setKind}
      />
      <RoomQuota room={room.id} />
      <FilesOf key={kind} room={room} kind={kind} onClose={onClose} />
    </div>
  )
}

/** How much of the room's space is taken; what cannot be told, or not yet in words, is left out. */
function RoomQuota({ room }: { room: string }) {
  const { t, i18n } = useTranslation()
  const api = useApi()
  const quota = useQuery({ queryKey: ['room-quota', room], queryFn: () => api.city.roomQuota({ room }) })
  return quota.data && i18n.exists('account.quotas.own') ? (
    <QuotaMeter of={quota.data} label={t('city.files')} />
  ) : null
}

function FilesOf({ room, kind, onClose }: { room: Room; kind: Kind; onClose: () => void }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const api = useApi()
  const talk = useTalk()
  const files = usePages({
    queryKey: ['room-files', room.id, kind],
    page: async (before) => {
      const from = before === undefined ? {} : { before: Number(before) }
      const { items, next } = await api.city.roomFiles({ room: room.id, type: kind, ...from })
      return { items, next: next?.toString() }
    },
    staleTime: 0,
  })
  if (files.isPending) return <p className="meta">{t('city.filesLoading')}</p>
  if (files.isError)
    return (
      <div>
        <p className="fail">{sentenceOf(failureOf(files.error), language)}</p>
        <Button small onClick={() => void files.refetch()}>
          {t('common.retry')}
        </Button>
      </div>
    )
  const { items = [] } = files
  if (items.length === 0) return <p className="meta">{t(`city.filesNone.${kind}`)}</p>
  const open = (file: RoomFile) => {
    onClose()
    talk.goTo(file.message)
  }
  return (
    <>
      <ul className={kind === 'image' ? 'files-grid' : 'files-list'}>
        {items.map((file) => (
          <li key={`${file.message}:${file.index}`}>
            <button
              type="button"
              onClick={() => open(file)}
              aria-label={t('city.filesGoTo', { name: file.name })}
            >
              {kind === 'image' ? <Small file={file} /> : <Line file={file} />}
            </button>
          </li>
        ))}
      </ul>
      <More of={files} />
    </>
  )
}

function Small({ file }: { file: RoomFile }) {
  const [unseen, setUnseen] = useState(false)
  if (unseen) return <span className="meta trim">{file.name}</span>
  return (
    <Picture
      src={`${thumbnailUrl(file.id)}?edge=192`}
      blurhash={file.blurhash}
      onUnseen={() => setUnseen(true)}
    />
  )
}

function Line({ file }: { file: RoomFile }) {
  const format = useFormat()
  const icon = file.mime.startsWith('video/') ? Film : file.type === 'audio' ? AudioLines : FileText
  const length = file.durationMs === undefined ? format.bytes(file.sizeBytes) : format.clock(file.durationMs)
  return (
    <>
      <Icon of={icon} />
      <span className="grow">
        <span className="trim font-[560]">{file.name}</span>
        <span className="meta trim">
          {file.author.name} · {length}
        </span>
      </span>
    </>
  )
}
