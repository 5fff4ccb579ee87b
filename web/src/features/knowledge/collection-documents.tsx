import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CircleAlert, FolderUp, History, Upload } from 'lucide-react'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Document } from '../../../../src/services/knowledge/documents.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { KeptRow } from './kept-row.tsx'
import { useUploads } from './use-uploads.ts'

const READING_MS = 2_000

/** The documents of a collection with how far each is read, and the way to bring more: files, or a whole folder. */
export function CollectionDocuments({ collection }: { collection: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const queries = useQueryClient()
  const [older, setOlder] = useState(false)
  const queryKey = ['collection-documents', collection]
  const refresh = () => {
    void queries.invalidateQueries({ queryKey })
    void queries.invalidateQueries({ queryKey: ['collections'] })
  }
  const found = useInfiniteQuery({
    queryKey: [...queryKey, older],
    queryFn: ({ pageParam }) =>
      api.knowledge.collectionDocuments({ collection, older, ...(pageParam && { after: pageParam }) }),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ items }) => items.some((one) => one.state === 'pending'))
        ? READING_MS
        : false,
  })
  const uploads = useUploads(collection, refresh)
  const items = found.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <section aria-labelledby="documents">
      <h2 id="documents">{t('knowledge.documents')}</h2>
      <div className="row wrap">
        <FileButton icon={Upload} label={t('knowledge.addFiles')} onFiles={uploads.send} />
        <FileButton icon={FolderUp} label={t('knowledge.addFolder')} folder onFiles={uploads.send} />
        <Button look="quiet" icon={History} aria-pressed={older} onClick={() => setOlder(!older)}>
          {t(older ? 'knowledge.newestOnly' : 'knowledge.older')}
        </Button>
      </div>
      <ul className="klist">
        {uploads.sending.map((one) => (
          <li key={one.key}>
            <span className="grow">
              <span>{one.file.name}</span>
              {one.failure ? (
                <span className="fail">
                  <Icon of={CircleAlert} size="s" />
                  <span>{sentenceOf(one.failure, format.language)}</span>
                </span>
              ) : (
                <progress value={one.share} max={1} aria-label={one.file.name} />
              )}
            </span>
            {one.failure && (
              <span className="row">
                <Button small onClick={() => uploads.again(one)}>
                  {t('common.retry')}
                </Button>
                <Button small look="quiet" onClick={() => uploads.drop(one.key)}>
                  {t('knowledge.putAway')}
                </Button>
              </span>
            )}
          </li>
        ))}
        {items.map((document) => (
          <DocumentRow key={document.id} document={document} onChange={refresh} />
        ))}
      </ul>
      {found.isSuccess && items.length === 0 && <p className="meta">{t('knowledge.noDocuments')}</p>}
      <FieldError error={found.error ? sentenceOf(failureOf(found.error), format.language) : undefined} />
      {found.hasNextPage && (
        <Button look="quiet" onClick={() => void found.fetchNextPage()}>
          {t('knowledge.more')}
        </Button>
      )}
    </section>
  )
}

interface FileButtonProps {
  icon: typeof Upload
  label: string
  folder?: boolean
  onFiles: (files: File[]) => void
}

function FileButton({ icon, label, folder = false, onFiles }: FileButtonProps) {
  const chooser = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={(input) => {
          chooser.current = input
          if (input) input.webkitdirectory = folder
        }}
        type="file"
        hidden
        multiple
        aria-label={label}
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])])
          currentTarget.value = ''
        }}
      />
      <Button icon={icon} onClick={() => chooser.current?.click()}>
        {label}
      </Button>
    </>
  )
}

function DocumentRow({ document, onChange }: { document: Document; onChange: () => void }) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const { addedBy, error, id, near, pages, replacedBy, state, title, version } = document
  const retry = useMutation({
    mutationFn: () => api.knowledge.retryDocument({ document: id }),
    onSuccess: onChange,
  })
  const remove = useMutation({
    mutationFn: () => api.knowledge.removeDocument({ document: id }),
    onSuccess: onChange,
  })
  const done = pages.read + pages.ocr + pages.empty + pages.failed
  const failure = retry.error ?? remove.error
  const told = failure ? failureOf(failure) : error
  const about = [
    pages.total > 0 ? t('city.pages', { count: pages.total }) : '',
    format.bytes(document.sizeBytes),
    version > 1 || replacedBy !== null ? t('knowledge.version', { version }) : '',
    replacedBy !== null ? t('knowledge.replaced') : '',
    near ? t('knowledge.near', { title: near.title, share: Math.round(near.share * 100) }) : '',
    pages.failed > 0 ? t('knowledge.unreadPages', { count: pages.failed }) : '',
  ]
  return (
    <KeptRow
      title={
        <Link to="/documents/$document" params={{ document: id }}>
          {title}
        </Link>
      }
      about={about}
      reading={state === 'pending' ? { label: t('city.readingDocument'), done, total: pages.total } : null}
      failure={told}
    >
      {(state === 'failed' || (state === 'done' && pages.failed > 0)) && (
        <Button small disabled={retry.isPending} onClick={() => retry.mutate()}>
          {t('knowledge.readAgain')}
        </Button>
      )}
      {addedBy !== null && (
        <Button small look="quiet" disabled={remove.isPending} onClick={() => remove.mutate()}>
          {t('knowledge.remove')}
        </Button>
      )}
    </KeptRow>
  )
}
