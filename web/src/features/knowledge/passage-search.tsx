import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { MessageCircleQuestionMark, Search } from 'lucide-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DocumentPlace } from '../../../../src/services/knowledge/documents.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField, LabelledSelect } from '../../ui/field.tsx'

const MAX_QUOTE = 200

/** Looks for passages, or asks for an answer that cites them; each opens its document at the page, with the passage marked. */
export function PassageSearch({ collections }: { collections: readonly { id: string; name: string }[] }) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const [query, setQuery] = useState('')
  const [within, setWithin] = useState('')
  const about = () => ({ query, ...(within !== '' && { collections: [within] }) })
  const search = useMutation({ mutationFn: () => api.knowledge.search(about()) })
  const ask = useMutation({ mutationFn: () => api.knowledge.answer(about(), { timeoutMs: 120_000 }) })
  const failure = search.error ?? ask.error
  const isBusy = search.isPending || ask.isPending
  const look = () => {
    ask.reset()
    if (query.trim() !== '') search.mutate()
  }
  const unread = (search.data ?? ask.data)?.unread ?? []
  return (
    <section aria-labelledby="looking">
      <h2 id="looking">{t('knowledge.search')}</h2>
      <form
        className="kform"
        onSubmit={(event) => {
          event.preventDefault()
          look()
        }}
      >
        <LabelledField
          label={t('knowledge.query')}
          value={query}
          onChange={({ target }) => setQuery(target.value)}
        />
        <LabelledSelect
          label={t('knowledge.where')}
          value={within}
          options={[
            { value: '', label: t('knowledge.everywhere') },
            ...collections.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          onChange={setWithin}
        />
        <div className="row wrap">
          <Button type="submit" look="primary" icon={Search} disabled={isBusy || query.trim() === ''}>
            {t('knowledge.find')}
          </Button>
          <Button
            icon={MessageCircleQuestionMark}
            disabled={isBusy || query.trim() === ''}
            onClick={() => {
              search.reset()
              ask.mutate()
            }}
          >
            {t('knowledge.answer')}
          </Button>
        </div>
      </form>
      <FieldError error={failure ? sentenceOf(failureOf(failure), format.language) : undefined} />
      <div role="status">
        {search.data?.items.length === 0 && <p className="meta">{t('knowledge.nothingFound')}</p>}
        {ask.data && <p className="kanswer">{ask.data.text}</p>}
      </div>
      <ol className="klist">
        {search.data?.items.map(({ document, page, place, text, title }) => (
          <Hit key={`${document} ${page} ${text.slice(0, 60)}`} {...{ document, page, place, text, title }} />
        ))}
        {ask.data?.citations.map(({ document, n, page, place, quote, title }) => (
          <Hit key={n} {...{ document, page, place, text: quote, title: `[${n}] ${title}` }} />
        ))}
      </ol>
      {unread.length > 0 && (
        <p className="meta">
          {unread
            .map(({ title, pages }) => t('knowledge.notSearched', { title, pages: pages.join(', ') }))
            .join(' ')}
        </p>
      )}
    </section>
  )
}

interface HitProps {
  document: string
  title: string
  page: number
  place: DocumentPlace | null
  text: string
}

function Hit({ document, title, page, place, text }: HitProps) {
  const { t } = useTranslation()
  // The beginning is enough to mark the place, and an address stays short.
  const quote = text.slice(0, MAX_QUOTE).replace(/\s\S*$/, '')
  return (
    <li>
      <span className="grow">
        <Link to="/documents/$document" params={{ document }} search={{ page, quote }}>
          {title}
        </Link>
        <span className="meta">{place?.label || t('knowledge.pageN', { page })}</span>
        <span className="khit">{text}</span>
      </span>
    </li>
  )
}
