import './rights.css'
import { useDeferredValue, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { LabelledField, LabelledSelect } from '../../ui/field.tsx'
import { More, usePages } from '../../ui/pages.tsx'
import { ListState } from '../auth/list-state.tsx'
import { OperatorsOnly } from './operators-only.tsx'
import { PersonRow } from './person-row.tsx'
import { PEOPLE } from './queries.ts'

const SHOWN = ['all', 'active', 'disabled'] as const
const PAGE = 50

/** The people of the city, for those who run it: found, given roles, shut out and let in again. */
export function AdministrationPage() {
  const { t } = useTranslation()
  return (
    <OperatorsOnly title={t('rights.people')}>
      <People />
    </OperatorsOnly>
  )
}

function People() {
  const { t } = useTranslation()
  const api = useApi()
  const [typed, setTyped] = useState('')
  const [shown, setShown] = useState<(typeof SHOWN)[number]>('all')
  const q = useDeferredValue(typed.trim())
  const people = usePages({
    queryKey: [...PEOPLE, q, shown],
    page: (after) =>
      api.auth.people({
        limit: PAGE,
        ...(q !== '' && { q }),
        ...(shown !== 'all' && { disabled: shown === 'disabled' }),
        after,
      }),
  })
  const { items } = people
  return (
    <section aria-label={t('rights.people')}>
      <div className="filters">
        <LabelledField
          label={t('rights.find')}
          type="search"
          maxLength={100}
          value={typed}
          onChange={({ currentTarget }) => setTyped(currentTarget.value)}
        />
        <LabelledSelect
          label={t('rights.show')}
          value={shown}
          options={SHOWN.map((value) => ({ value, label: t(`rights.shown.${value}`) }))}
          onChange={setShown}
        />
      </div>
      <ListState
        query={{ data: items, error: people.error, refetch: people.refetch }}
        empty={t('rights.nobody')}
      />
      {items && items.length > 0 && (
        <ul className="rows">
          {items.map((person) => (
            <PersonRow key={person.id} of={person} />
          ))}
        </ul>
      )}
      <More of={people} />
    </section>
  )
}
