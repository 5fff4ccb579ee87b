import { Link } from '@tanstack/react-router'
import { ChevronLeft, Search } from 'lucide-react'
import { useDeferredValue, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Neighbour } from '../../../../src/services/city/people.contract.ts'
import { useApi } from '../../context.tsx'
import { Avatar } from '../../ui/avatar.tsx'
import { Button } from '../../ui/button.tsx'
import { Segmented } from '../../ui/field.tsx'
import { Icon } from '../../ui/icon.tsx'
import { More, usePages } from '../../ui/pages.tsx'
import { ListState } from '../auth/list-state.tsx'
import { useCity } from '../city/city-context.tsx'
import { PersonCard, Write } from './person-card.tsx'
import { useTalk } from './use-talk.ts'

const KINDS = ['all', 'person', 'agent'] as const
type Kind = (typeof KINDS)[number]
/** A talk holds eight, one of whom is the reader. */
const MOST_OTHERS = 7
const REFRESH_MS = 30_000
const BUSY = ['reading', 'thinking', 'tool']

/** Everybody in the city, by name, with what they are at; from here one writes to one of them, or to several at once. */
export function PeoplePage() {
  const { t } = useTranslation()
  const api = useApi()
  const talk = useTalk()
  const [q, setQ] = useState('')
  const [kind, setKind] = useState<Kind>('all')
  const [open, setOpen] = useState<Neighbour | null>(null)
  const [chosen, setChosen] = useState<readonly string[] | null>(null)
  const sought = useDeferredValue(q)
  useEffect(() => {
    document.title = t('people.title')
  }, [t])
  const people = usePages({
    queryKey: ['people', sought, kind],
    page: (after, signal) =>
      api.city.people({ q: sought, ...(kind !== 'all' && { kind }), after }, { signal }),
    keep: true,
    refetchInterval: REFRESH_MS,
  })
  const { items: all } = people
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib only-phone" to="/rooms" aria-label={t('city.backToRooms')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{t('people.title')}</h1>
        <Link className="btn btn-s btn-q" to="/agents">
          {t('agents.title')}
        </Link>
        <Button small onClick={() => setChosen(chosen === null ? [] : null)}>
          {chosen === null ? t('people.choose') : t('people.stopChoosing')}
        </Button>
      </header>
      <div className="scroll">
        <div className="wrapm">
          <div className="rtools">
            <label className="field">
              <Icon of={Search} size="s" />
              <input
                type="search"
                value={q}
                maxLength={100}
                placeholder={t('people.find')}
                aria-label={t('people.find')}
                onChange={(event) => setQ(event.target.value)}
              />
            </label>
            <Segmented
              label={t('people.show')}
              value={kind}
              onChange={setKind}
              options={KINDS.map((value) => ({ value, label: t(`people.kinds.${value}`) }))}
            />
          </div>
          {chosen !== null && (
            <div className="row wrap" role="status">
              <span className="meta grow">
                {t('people.chosen', { count: chosen.length })}. {t('people.talkLimit')}
              </span>
              <Button
                small
                look="primary"
                disabled={chosen.length === 0 || talk.isPending}
                onClick={() => talk.mutate([...chosen])}
              >
                {t('people.talkTogether')}
              </Button>
            </div>
          )}
          <div role="status">
            <ListState
              query={{ data: all, error: people.error, refetch: people.refetch }}
              empty={t('people.none')}
            />
          </div>
          <ul className="rows">
            {all?.map((person) => (
              <Row
                key={person.id}
                person={person}
                onOpen={() => setOpen(person)}
                chosen={chosen?.includes(person.id)}
                full={(chosen?.length ?? 0) >= MOST_OTHERS}
                onChoose={(on) =>
                  setChosen((before) => [
                    ...(before ?? []).filter((id) => id !== person.id),
                    ...(on ? [person.id] : []),
                  ])
                }
              />
            ))}
          </ul>
          <More of={people} />
        </div>
      </div>
      {open && <PersonCard person={open} onClose={() => setOpen(null)} />}
    </main>
  )
}

const lit = ({ state }: Neighbour) =>
  BUSY.includes(state) ? ('breathe' as const) : state === 'here' || state === 'idle' ? ('on' as const) : null

interface RowProps {
  person: Neighbour
  onOpen: () => void
  /** Absent where nobody is being chosen. */
  chosen: boolean | undefined
  full: boolean
  onChoose: (on: boolean) => void
}

function Row({ person, onOpen, chosen, full, onChoose }: RowProps) {
  const { t } = useTranslation()
  const { me } = useCity()
  const shines = lit(person)
  const mine = person.id === me.id
  return (
    <li className="set">
      <span className="row">
        <Avatar of={person} {...(shines && { lit: shines })} />
        <button type="button" className="linkish" onClick={onOpen}>
          <b>{person.name}</b>
          <span className="vh">. {t('people.card', { name: person.name })}</span>
        </button>
        {mine && <span className="tag">{t('people.you')}</span>}
      </span>
      <span className="meta under-av">
        {person.kind === 'agent' ? t('people.agent') : t(`people.role.${person.role}`)} ·{' '}
        {t(`people.state.${person.state}`)}
      </span>
      {chosen === undefined && !mine && <Write person={person} />}
      {chosen !== undefined && !mine && (
        <input
          type="checkbox"
          aria-label={t('people.chooseName', { name: person.name })}
          checked={chosen}
          disabled={!chosen && full}
          onChange={(event) => onChoose(event.target.checked)}
        />
      )}
    </li>
  )
}
