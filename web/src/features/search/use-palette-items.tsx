import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import {
  Activity,
  AtSign,
  Bell,
  Bookmark,
  Clock,
  DoorOpen,
  LayoutList,
  LibraryBig,
  Lock,
  type LucideIcon,
  Map as MapIcon,
  Newspaper,
  Search,
  SunMoon,
  UsersRound,
} from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Icon } from '../../ui/icon.tsx'
import { toggleTheme } from '../../ui/theme.ts'
import { useToast } from '../../ui/toast.tsx'
import { OPERATORS_SETTINGS, SETTINGS } from '../account/settings-pages.ts'
import { useCity, useRooms } from '../city/city-context.tsx'
import { agentsQuery, residentsQuery } from '../city/members.ts'
import type { Item } from './palette-items.ts'

const PAGES = [
  { to: '/directory', word: 'search.directory', icon: LayoutList },
  { to: '/knowledge', word: 'knowledge.title', icon: LibraryBig },
  { to: '/feed', word: 'common.feed', icon: Newspaper },
  { to: '/map', word: 'common.map', icon: MapIcon },
  { to: '/people', word: 'people.title', icon: UsersRound },
  { to: '/notifications', word: 'bell.title', icon: Bell },
  { to: '/mentions', word: 'talk.mentions', icon: AtSign },
  { to: '/saved', word: 'talk.saved', icon: Bookmark },
  { to: '/scheduled', word: 'talk.scheduled', icon: Clock },
] as const
const OPERATORS_PAGES = [{ to: '/operator', word: 'search.operator', icon: Activity }] as const

export interface Choice {
  readonly id: string
  readonly group: 'go' | 'act' | 'find'
  readonly name: string
  readonly hint?: string | undefined
  readonly sign: ReactNode
  run(): void
}

/** Everything the palette leads to: rooms, people and agents (to a talk with them), and what one may do. */
export function usePaletteItems(): { items: (Item & Choice)[]; find: (query: string) => Choice } {
  const { t, i18n } = useTranslation()
  const language = useLanguage()
  const toast = useToast()
  const api = useApi()
  const navigate = useNavigate()
  const { me } = useCity()
  const rooms = useRooms().data ?? []
  const residents = useQuery(residentsQuery(api)).data ?? []
  const agents = useQuery(agentsQuery(api)).data ?? []
  const open = (slug: string) => void navigate({ to: '/rooms/$room', params: { room: slug } })
  const talk = (id: string) =>
    void api.city.openTalk({ people: [id] }).then(
      (room) => open(room.slug),
      (failure: unknown) => toast({ text: sentenceOf(failureOf(failure), language) }),
    )

  const places = rooms.map((room) => ({
    id: room.id,
    group: 'go' as const,
    kind: 'room' as const,
    words: `${room.name} ${room.slug}`,
    name: room.name,
    sign: <Icon of={room.visibility === 'private' ? Lock : DoorOpen} />,
    run: () => open(room.slug),
  }))
  const people = [
    ...residents
      .filter(({ id }) => id !== me.id)
      .map(({ id, name }) => ({ id, name, kind: 'person' as const })),
    ...agents.map(({ id, name }) => ({ id, name, kind: 'agent' as const })),
  ].map((one) => ({
    ...one,
    group: 'go' as const,
    words: one.name,
    hint: one.kind === 'agent' ? t('common.agent') : t('search.talk'),
    sign: <Avatar of={one} small />,
    run: () => talk(one.id),
  }))
  const action = (id: string, icon: LucideIcon, name: string, run: () => void) => ({
    id,
    group: 'act' as const,
    kind: 'action' as const,
    words: name,
    name,
    sign: <Icon of={icon} />,
    run,
  })
  const actions = [
    action('theme', SunMoon, t('search.toggleTheme'), toggleTheme),
    ...[...PAGES, ...SETTINGS, ...(isOperator(me) ? [...OPERATORS_PAGES, ...OPERATORS_SETTINGS] : [])]
      // The words of some pages come after the first screen.
      .filter(({ word }) => i18n.exists(word))
      .map(({ to, word, icon }) => action(to, icon, t(word), () => void navigate({ to }))),
  ]
  return {
    items: [...places, ...people, ...actions],
    find: (query) => ({
      id: 'find',
      group: 'find',
      name: query === '' ? t('search.findAll') : t('search.findHere', { query }),
      sign: <Icon of={Search} />,
      run: () => void navigate({ to: '/search', search: query === '' ? {} : { q: query } }),
    }),
  }
}
