import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField, LabelledSelect } from '../../ui/field.tsx'

const COLLECTIONS = ['vector-collections']

/** Collections of vectors of one's own, to try: one is made, texts are put in with a label, and found by meaning and words, of one label where asked. */
export function TryVectors() {
  const { t } = useTranslation()
  const api = useApi()
  const { language } = useFormat()
  const [chosen, setChosen] = useState('')
  const found = useQuery({
    queryKey: COLLECTIONS,
    queryFn: async () => (await api.gateway.vectorCollections({})).items,
  })
  const names = (found.data ?? []).map(({ name }) => name)
  const current = names.includes(chosen) ? chosen : names[0]
  return (
    <section className="spaced" aria-labelledby="vectors">
      <h2 id="vectors">{t('multimodal.vectors.title')}</h2>
      <p className="meta">{t('multimodal.vectors.hint')}</p>
      <FieldError error={found.error ? sentenceOf(failureOf(found.error), language) : undefined} />
      {current !== undefined && (
        <LabelledSelect
          label={t('multimodal.vectors.collection')}
          value={current}
          options={names.map((name) => ({ value: name, label: name }))}
          onChange={setChosen}
        />
      )}
      <NewCollection onMade={setChosen} />
      {current !== undefined && <PutText key={`put ${current}`} collection={current} />}
      {current !== undefined && <Search key={`search ${current}`} collection={current} />}
    </section>
  )
}

function NewCollection({ onMade }: { onMade: (name: string) => void }) {
  const { t } = useTranslation()
  const api = useApi()
  const { language } = useFormat()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const make = useMutation({
    mutationFn: () => api.gateway.makeVectorCollection({ name, filtered: ['label'] }),
    async onSuccess(made) {
      setName('')
      await queries.invalidateQueries({ queryKey: COLLECTIONS })
      onMade(made.name)
    },
  })
  return (
    <form onSubmit={submitting(name !== '', make.mutate)}>
      <LabelledField
        label={t('multimodal.vectors.name')}
        value={name}
        maxLength={63}
        onChange={({ target }) => setName(target.value)}
        error={make.error ? sentenceOf(failureOf(make.error), language) : undefined}
      />
      <Button type="submit" disabled={make.isPending || name === ''}>
        {t('multimodal.vectors.make')}
      </Button>
    </form>
  )
}

function PutText({ collection }: { collection: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const { language } = useFormat()
  const [text, setText] = useState('')
  const [label, setLabel] = useState('')
  const put = useMutation({
    // The same text again is the same point.
    mutationFn: () =>
      api.gateway.putVectors({
        collection,
        points: [{ id: text.slice(0, 200), text, payload: label === '' ? {} : { label } }],
      }),
    onSuccess: () => setText(''),
  })
  return (
    <form onSubmit={submitting(text.trim() !== '', put.mutate)}>
      <LabelledField
        label={t('multimodal.text')}
        value={text}
        maxLength={20_000}
        onChange={({ target }) => setText(target.value)}
      />
      <LabelledField
        label={t('multimodal.vectors.label')}
        value={label}
        maxLength={500}
        onChange={({ target }) => setLabel(target.value)}
        error={put.error ? sentenceOf(failureOf(put.error), language) : undefined}
      />
      <Button type="submit" disabled={put.isPending || text.trim() === ''}>
        {t('multimodal.vectors.put')}
      </Button>
      {put.data && <p role="status">{t('multimodal.vectors.stored', { engine: put.data.engine })}</p>}
    </form>
  )
}

function Search({ collection }: { collection: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const { language } = useFormat()
  const [text, setText] = useState('')
  const [label, setLabel] = useState('')
  const search = useMutation({
    mutationFn: () =>
      api.gateway.searchVectors({
        collection,
        text,
        hybrid: true,
        ...(label !== '' && { filter: { all: [{ field: 'label', in: [label] }] } }),
      }),
  })
  const items = search.data?.items
  return (
    <form onSubmit={submitting(text.trim() !== '', search.mutate)}>
      <LabelledField
        label={t('multimodal.query')}
        value={text}
        maxLength={4000}
        onChange={({ target }) => setText(target.value)}
      />
      <LabelledField
        label={t('multimodal.vectors.only')}
        value={label}
        maxLength={500}
        onChange={({ target }) => setLabel(target.value)}
        error={search.error ? sentenceOf(failureOf(search.error), language) : undefined}
      />
      <Button look="primary" type="submit" disabled={search.isPending || text.trim() === ''}>
        {t('multimodal.vectors.find')}
      </Button>
      {items?.length === 0 && <p role="status">{t('multimodal.vectors.none')}</p>}
      {items && items.length > 0 && (
        <ol aria-label={t('multimodal.vectors.found')}>
          {items.map(({ id, score, text: found }) => (
            <li key={id}>
              {found ?? id} <span className="meta">{score.toFixed(3)}</span>
            </li>
          ))}
        </ol>
      )}
    </form>
  )
}

const submitting = (able: boolean, run: () => void) => (event: FormEvent) => {
  event.preventDefault()
  if (able) run()
}
