import { CircleAlert, Clock, RotateCw, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Meter } from '../../ui/states.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useCity, useLine } from './city-context.tsx'
import { Markdown } from './markdown.tsx'
import type { OutFile, Outgoing } from './outbox.ts'
import { FileIcon } from './parts/doc-card.tsx'
import { Player } from './parts/player.tsx'

/** A message on its way: WaitingSend, or FailedSend with the reason and two ways out. The words are never lost. */
export function OutgoingView({ entry, continued }: { entry: Outgoing; continued: boolean }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { me } = useCity()
  const line = useLine()
  return (
    <article className={continued ? 'msg cont' : 'msg'} tabIndex={-1} aria-label={me.name}>
      <Avatar of={me} />
      <div className="body">
        {!continued && (
          <div className="by">
            <b>{me.name}</b>
            <time>{format.time(entry.createdAt)}</time>
          </div>
        )}
        {entry.text !== '' && (
          <div className={entry.failure ? 'unsent' : ''}>
            <Markdown text={entry.text} />
          </div>
        )}
        {entry.files.map((file) => (
          <OutgoingFile key={file.id} entry={entry} file={file} />
        ))}
        {entry.failure ? (
          <Failed entry={entry} />
        ) : (
          <div className="wait">
            <Icon of={Clock} size="xs" />
            {entry.sending && line.state === 'open' ? t('city.sending') : t('city.waiting')}
          </div>
        )}
      </div>
    </article>
  )
}

function Failed({ entry }: { entry: Outgoing }) {
  const { t } = useTranslation()
  const format = useFormat()
  const say = useToast()
  const { outbox } = useCity()
  const discard = async () => {
    const taken = await outbox.discard(entry.clientId)
    if (!taken) return
    const act = { label: t('common.undo'), run: () => void outbox.restore(taken) }
    say({ text: t('city.discarded'), act })
  }
  if (entry.failure?.code === 'city.message_held')
    return (
      <div className="row wrap">
        <span className="meta">{t('moderation.held')}</span>
        <Button small look="quiet" onClick={() => void outbox.discard(entry.clientId)}>
          {t('moderation.hide')}
        </Button>
      </div>
    )
  const reason = entry.failure ? sentenceOf(entry.failure, format.language) : ''
  return (
    <>
      <div className="fail" role="alert">
        <Icon of={CircleAlert} size="s" />
        <span>{t('city.notSent', { reason })}</span>
      </div>
      <div className="row wrap" style={{ marginTop: 8 }}>
        <Button small icon={RotateCw} onClick={() => outbox.retry(entry.clientId)}>
          {t('city.sendAgain')}
        </Button>
        <Button small look="quiet" onClick={() => void discard()}>
          {t('city.discard')}
        </Button>
      </div>
    </>
  )
}

function OutgoingFile({ entry, file }: { entry: Outgoing; file: OutFile }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { outbox } = useCity()
  const url = useObjectUrl(file.blob)
  const [unseen, setUnseen] = useState(false)
  const uploading = entry.failure === undefined && file.file === undefined
  const share = uploading ? entry.uploads[file.id] : undefined
  const label = t('city.uploading', { name: file.name, percent: format.percent(share ?? 0) })
  return (
    <div className="att card">
      {file.type === 'audio' && url && (
        <Player file={file.file} src={url} name={file.name} durationMs={file.durationMs} />
      )}
      <div className="outfile">
        {file.type === 'image' && url && !unseen ? (
          <img src={url} alt="" onError={() => setUnseen(true)} />
        ) : (
          <FileIcon name={file.name} />
        )}
        <div className="grow">
          <div className="trim">{file.name}</div>
          <div className="meta num">
            {format.bytes(file.blob.size)}
            {share !== undefined && ` · ${format.percent(share)}`}
          </div>
        </div>
        {!entry.posted && (
          <IconButton
            icon={X}
            label={t('city.cancelUpload', { name: file.name })}
            onClick={() => outbox.dropFile(entry.clientId, file.id)}
          />
        )}
        {share !== undefined && <Meter share={share} label={label} />}
      </div>
    </div>
  )
}

/** An object URL for as long as the component lives. */
export function useObjectUrl(blob: Blob): string | null {
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    const made = URL.createObjectURL(blob)
    setUrl(made)
    return () => URL.revokeObjectURL(made)
  }, [blob])
  return url
}
