import { useTranslation } from 'react-i18next'
import { useApi } from '../../context.tsx'
import { Avatar } from '../../ui/avatar.tsx'
import { More, usePages } from '../../ui/pages.tsx'
import { ListState } from './list-state.tsx'

const PAGE = 50

/** The people of the city, fifty at a time. */
export function Residents() {
  const { t } = useTranslation()
  const api = useApi()
  const residents = usePages({
    queryKey: ['residents', 'pages'],
    page: (after) => api.auth.residents({ limit: PAGE, after }),
  })
  const { items: people } = residents
  return (
    <section aria-labelledby="residents">
      <h2 id="residents">{t('auth.residents')}</h2>
      <ListState
        query={{ data: people, error: residents.error, refetch: residents.refetch }}
        empty={t('auth.noResidents')}
      />
      {people && people.length > 0 && (
        <ul className="rows">
          {people.map((person) => (
            <li className="set" key={person.id}>
              <span className="row">
                <Avatar of={person} small />
                <b>{person.name}</b>
              </span>
              <span className="tag">{t(`auth.role.${person.role}`)}</span>
            </li>
          ))}
        </ul>
      )}
      <More of={residents} />
    </section>
  )
}
