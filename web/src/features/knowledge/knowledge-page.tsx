import '../operator/operator.css'
import './collections.css'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronLeft, Plus } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useFormat } from '../../i18n/format.ts'
import { Button } from '../../ui/button.tsx'
import { FieldError, LabelledField, LabelledSelect } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useMe } from '../auth/session.ts'
import { useRooms } from '../city/city-context.tsx'
import { CollectionDocuments } from './collection-documents.tsx'
import { CollectionKeeping } from './collection-keeping.tsx'
import { CollectionSources } from './collection-sources.tsx'
import { PassageSearch } from './passage-search.tsx'
import { QueueList } from './queue-list.tsx'

const COLLECTIONS = ['collections']

/** What one keeps and what one's rooms know: to search, to ask, to add to. */
export function KnowledgePage() {
  const { t } = useTranslation()
  const me = useMe()
  const api = useApi()
  const format = useFormat()
  const rooms = useRooms()
  const found = useQuery({
    queryKey: COLLECTIONS,
    queryFn: () => api.knowledge.collections({ limit: 200 }),
  })
  const [chosen, setChosen] = useState('')
  useEffect(() => {
    document.title = t('knowledge.title')
  }, [t])
  const items = found.data?.items ?? []
  const current = items.find(({ id }) => id === chosen) ?? items[0]
  const nameOf = ({ name, room }: (typeof items)[number]) =>
    name || rooms.data?.find(({ id }) => id === room)?.name || t('knowledge.ofRoom')
  const mayKeep = ({ owner, room }: (typeof items)[number]) =>
    owner === me?.id ||
    ['owner', 'moderator'].includes(rooms.data?.find(({ id }) => id === room)?.membership ?? '')
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib only-phone" to="/rooms" aria-label={t('city.backToRooms')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{t('knowledge.title')}</h1>
      </header>
      <div className="scroll">
        <div className="wrapm">
          <PassageSearch collections={items.map((one) => ({ id: one.id, name: nameOf(one) }))} />
          <section aria-labelledby="collections">
            <h2 id="collections">{t('knowledge.collections')}</h2>
            <p className="meta">{t('knowledge.collectionsHint')}</p>
            <FieldError
              error={found.error ? sentenceOf(failureOf(found.error), format.language) : undefined}
            />
            {current && (
              <LabelledSelect
                label={t('knowledge.collection')}
                value={current.id}
                options={items.map((one) => ({
                  value: one.id,
                  label: `${nameOf(one)} (${one.documents.total})`,
                }))}
                onChange={setChosen}
              />
            )}
            {current && mayKeep(current) && (
              <CollectionKeeping key={current.id} collection={current} name={nameOf(current)} />
            )}
            <NewCollection onMade={setChosen} />
          </section>
          {current && (
            <>
              <CollectionDocuments key={current.id} collection={current.id} />
              <CollectionSources key={`${current.id} sources`} collection={current.id} />
            </>
          )}
          {isOperator(me) && <QueueList />}
        </div>
      </div>
    </main>
  )
}

function NewCollection({ onMade }: { onMade: (id: string) => void }) {
  const { t } = useTranslation()
  const api = useApi()
  const format = useFormat()
  const queries = useQueryClient()
  const [name, setName] = useState('')
  const make = useMutation({
    mutationFn: () => api.knowledge.makeCollection({ name }),
    async onSuccess({ id }) {
      setName('')
      await queries.invalidateQueries({ queryKey: COLLECTIONS })
      onMade(id)
    },
  })
  return (
    <form
      className="kform"
      onSubmit={(event) => {
        event.preventDefault()
        if (name.trim() !== '') make.mutate()
      }}
    >
      <LabelledField
        label={t('knowledge.newCollection')}
        value={name}
        maxLength={120}
        onChange={({ target }) => setName(target.value)}
        error={make.error ? sentenceOf(failureOf(make.error), format.language) : undefined}
      />
      <Button type="submit" icon={Plus} disabled={make.isPending || name.trim() === ''}>
        {t('knowledge.make')}
      </Button>
    </form>
  )
}
