import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Globe } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Source } from '../../../../src/services/knowledge/sources.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { LabelledField, LabelledSelect } from '../../ui/field.tsx'
import { KeptRow } from './kept-row.tsx'

const READING_MS = 2_000
const HOURS = [0, 24, 168, 720] as const

/** The addresses a collection keeps, and the way to add one. */
export function CollectionSources({ collection }: { collection: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const queries = useQueryClient()
  const queryKey = ['collection-sources', collection]
  const refresh = () => {
    void queries.invalidateQueries({ queryKey })
    void queries.invalidateQueries({ queryKey: ['collection-documents', collection] })
  }
  const found = useQuery({
    queryKey,
    queryFn: () => api.knowledge.sources({ collection }),
    refetchInterval: ({ state }) =>
      state.data?.items.some(({ state: of }) => of === 'waiting' || of === 'reading') ? READING_MS : false,
  })
  const [url, setUrl] = useState('')
  const [kind, setKind] = useState<Source['kind']>('page')
  const [hours, setHours] = useState(0)
  const add = useMutation({
    mutationFn: () =>
      api.knowledge.addSource({ collection, url, kind, everyHours: hours === 0 ? null : hours }),
    onSuccess() {
      setUrl('')
      refresh()
    },
  })
  return (
    <section aria-labelledby="sources">
      <h2 id="sources">{t('knowledge.sources')}</h2>
      <form
        className="kform"
        onSubmit={(event) => {
          event.preventDefault()
          if (url !== '') add.mutate()
        }}
      >
        <LabelledField
          label={t('knowledge.address')}
          type="url"
          value={url}
          onChange={({ target }) => setUrl(target.value)}
          error={add.error ? sentenceOf(failureOf(add.error), format.language) : undefined}
        />
        <LabelledSelect
          label={t('knowledge.what')}
          value={kind}
          options={(['page', 'site'] as const).map((value) => ({
            value,
            label: t(`knowledge.kinds.${value}`),
          }))}
          onChange={setKind}
        />
        <LabelledSelect
          label={t('knowledge.often')}
          value={hours}
          options={HOURS.map((value) => ({ value, label: t(`knowledge.every.h${value}`) }))}
          onChange={setHours}
        />
        <Button type="submit" icon={Globe} disabled={add.isPending || url === ''}>
          {t('knowledge.add')}
        </Button>
      </form>
      <ul className="klist">
        {found.data?.items.map((source) => (
          <SourceRow key={source.id} source={source} onChange={refresh} />
        ))}
      </ul>
    </section>
  )
}

function SourceRow({ source, onChange }: { source: Source; onChange: () => void }) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const { error, id, nextAt, pages, state, url } = source
  const read = useMutation({
    mutationFn: () => api.knowledge.readSource({ source: id }),
    onSuccess: onChange,
  })
  const remove = useMutation({
    mutationFn: () => api.knowledge.removeSource({ source: id }),
    onSuccess: onChange,
  })
  const isBusy = state === 'waiting' || state === 'reading'
  const done = pages.done + pages.same + pages.failed
  const failure = read.error ?? remove.error
  const told = failure ? failureOf(failure) : error
  const about = [
    t('knowledge.sourcePages', { done, total: pages.total ?? 0 }),
    pages.failed > 0 ? t('knowledge.unreadPages', { count: pages.failed }) : '',
    nextAt ? t('knowledge.nextAt', { at: format.moment(nextAt) }) : '',
  ]
  return (
    <KeptRow
      title={<span>{url}</span>}
      about={about}
      reading={isBusy ? { label: url, done, total: pages.total ?? 1 } : null}
      failure={told}
    >
      <Button small disabled={isBusy || read.isPending} onClick={() => read.mutate()}>
        {t('knowledge.readAgain')}
      </Button>
      <Button small look="quiet" disabled={remove.isPending} onClick={() => remove.mutate()}>
        {t('knowledge.remove')}
      </Button>
    </KeptRow>
  )
}
