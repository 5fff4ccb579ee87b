import { Link } from '@tanstack/react-router'
import { CircleAlert, FileText } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Part } from '../../../../../src/services/city/messages.contract.ts'
import { fileUrl, thumbnailUrl } from '../../../api.ts'
import { useFormat } from '../../../i18n/format.ts'
import { Icon } from '../../../ui/icon.tsx'
import { Meter } from '../../../ui/states.tsx'
import { PageLedger } from './page-ledger.tsx'
import type { PartViewProps } from './part.ts'
import { PartFailure } from './part-failure.tsx'

/** A document: what it is, how far it is read, and every page accounted for. */
export function DocCard(props: PartViewProps) {
  const { t } = useTranslation()
  const format = useFormat()
  const { part } = props
  const { document } = part
  const pages = document?.pages.total
  const about = [pages ? t('city.pages', { count: pages }) : '', format.bytes(part.sizeBytes)]
  return (
    <div className="att card">
      <div className="card-h">
        {part.mime === 'application/pdf' ? <FirstPage part={part} /> : <FileIcon name={part.name} />}
        <div className="grow">
          <div className="trim font-[560]">{part.name}</div>
          <div className="meta">{about.filter(Boolean).join(' · ')}</div>
        </div>
        <a className="lnk meta" href={fileUrl(part.file)} download={part.name}>
          {t('city.download')}
        </a>
      </div>
      {part.state === 'pending' && <Reading part={part} />}
      {document && part.state !== 'pending' && (
        <div className="card-b" style={{ paddingTop: 2 }}>
          <PageLedger pages={document.pages} />
          {document.pages.failed > 0 && (
            <p className="fail">
              <Icon of={CircleAlert} size="s" />
              <span>{t('city.unreadPages', { count: document.pages.failed })}</span>
            </p>
          )}
        </div>
      )}
      <PartFailure {...props} />
      {document && (
        <div className="card-f" style={{ paddingBlock: 8 }}>
          <Link className="lnk" to="/documents/$document" params={{ document: document.id }}>
            {t('city.openDocument')}
          </Link>
        </div>
      )}
    </div>
  )
}

function Reading({ part }: { part: Part }) {
  const { t } = useTranslation()
  const format = useFormat()
  const { progress, document } = part
  return (
    <div className="card-b grid gap-2" style={{ paddingTop: 2 }}>
      {document && <PageLedger pages={document.pages} />}
      {progress && progress.total > 0 && (
        <Meter share={progress.done / progress.total} label={t('city.readingDocument')} />
      )}
      <p className="meta row">
        <i className="lit breathe" />
        {progress && progress.total > 0
          ? t('city.pagesDone', { done: format.count(progress.done), total: format.count(progress.total) })
          : t('city.readingDocument')}
      </p>
    </div>
  )
}

/** The first page of a PDF, small; the kind of the file while it is not there. */
function FirstPage({ part }: { part: Part }) {
  const [unseen, setUnseen] = useState(false)
  if (unseen) return <FileIcon name={part.name} />
  return (
    <img
      className="first-page"
      src={`${thumbnailUrl(part.file)}?edge=192`}
      alt=""
      loading="lazy"
      onError={() => setUnseen(true)}
    />
  )
}

/** The kind of a file by its name, as a small sheet of paper. */
export function FileIcon({ name }: { name: string }) {
  const kind = /\.(\w{1,4})$/.exec(name)?.[1] ?? ''
  return (
    <span className="file" aria-hidden="true">
      {kind === '' ? <Icon of={FileText} /> : kind.toUpperCase()}
    </span>
  )
}
