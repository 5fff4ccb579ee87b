import { Reply, X } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import { useFormat } from '../../i18n/format.ts'
import { IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import type { Attached } from './drafts.ts'
import { plain } from './markdown.tsx'
import { useObjectUrl } from './outgoing-view.tsx'

/** Which message is being answered. */
export function ReplyingTo({ message, onCancel }: { message: Message; onCancel: () => void }) {
  const { t } = useTranslation()
  return (
    <div className="about">
      <Icon of={Reply} size="s" />
      <span className="grow trim">
        {t('city.replyTo', { name: message.author.name })}
        {message.text !== '' && ` · ${plain(message.text)}`}
      </span>
      <IconButton icon={X} size="s" label={t('city.cancelReply')} onClick={onCancel} />
    </div>
  )
}

/** The files that go with the next message. */
export function AttachedTray({
  files,
  onRemove,
}: {
  files: readonly Attached[]
  onRemove: (key: string) => void
}) {
  if (files.length === 0) return null
  return (
    <ul className="tray">
      {files.map((file) => (
        <Waiting key={file.key} file={file} onRemove={() => onRemove(file.key)} />
      ))}
    </ul>
  )
}

function Waiting({ file, onRemove }: { file: Attached; onRemove: () => void }) {
  const { t } = useTranslation()
  const format = useFormat()
  const url = useObjectUrl(file.blob)
  const [unseen, setUnseen] = useState(false)
  return (
    <li>
      {file.type === 'image' && url && !unseen && <img src={url} alt="" onError={() => setUnseen(true)} />}
      <span className="trim">{file.name}</span>
      <span className="meta num">
        {file.durationMs === undefined ? format.bytes(file.blob.size) : format.clock(file.durationMs)}
      </span>
      <IconButton icon={X} size="s" label={t('city.removeFile', { name: file.name })} onClick={onRemove} />
    </li>
  )
}
