import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ChevronLeft, CircleAlert, MapPinned, Plus } from 'lucide-react'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isOperator } from '../../../../src/kernel/principal.ts'
import type { District, Place } from '../../../../src/services/city/map.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { Button, IconButton } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Menu, MenuItem } from '../../ui/menu.tsx'
import { EmptyState, TalkSkeleton } from '../../ui/states.tsx'
import { useToast } from '../../ui/toast.tsx'
import { useCity } from '../city/city-context.tsx'
import { CityMap } from './city-map.tsx'
import { Districts } from './districts.tsx'
import { PlaceCard } from './place-card.tsx'

/** Who moves from room to room is looked for; who comes and goes is told. */
const REFRESH_MS = 15_000
const FOLLOW_MS = 2_000
const MAP = ['map'] as const

/** The map of the city: walk to a room and go in; whoever keeps a room moves it, whoever runs the city sets its districts. */
export function MapPage() {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const language = useLanguage()
  const say = useToast()
  const { me, presence } = useCity()
  const [chosen, setChosen] = useState<string | null>(null)
  /** Where the chosen room is carried to, before it is put down. */
  const [carried, setCarried] = useState<{ x: number; y: number } | null>(null)
  const [districts, setDistricts] = useState(false)
  const map = useQuery({
    queryKey: MAP,
    queryFn: () => api.city.map({}),
    refetchInterval: REFRESH_MS,
  })
  useEffect(() => {
    document.title = t('common.map')
  }, [t])
  useEffect(() => {
    // Who comes and goes is told live; what is drawn follows at most every other second.
    let timer: ReturnType<typeof setTimeout> | undefined
    const stop = presence.subscribe(() => {
      timer ??= setTimeout(() => {
        timer = undefined
        void queries.invalidateQueries({ queryKey: MAP })
      }, FOLLOW_MS)
    })
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [presence, queries])
  const place = useMutation({
    mutationFn: (to: { room: string; district: string; x: number; y: number }) => api.city.setPlace(to),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: MAP })
      setCarried(null)
    },
    onError: (cause) => say({ text: sentenceOf(failureOf(cause), language) }),
  })
  const { data } = map
  const places = data?.places.map((one) => (carried && one.room.id === chosen ? { ...one, ...carried } : one))
  const shown = places?.find((one) => one.room.id === chosen)
  const put = (one: Place) => {
    const district = districtAt(data?.districts ?? [], one) ?? one.district
    place.mutate({ room: one.room.id, district, x: one.x, y: one.y })
    say({ text: t('map.moved', { room: one.room.name }) })
  }
  const settle = async (room: string) => {
    const [first] = data?.districts ?? []
    if (!first) return
    const at = { x: Math.round(first.x + first.width / 2), y: Math.round(first.y + first.height / 2) }
    await place.mutateAsync({ room, district: first.id, ...at }).catch(() => undefined)
    setChosen(room)
    setCarried(at)
  }
  return (
    <main className="main" id="talk" tabIndex={-1}>
      <header className="top">
        <Link className="ib only-phone" to="/rooms" aria-label={t('city.backToRooms')}>
          <Icon of={ChevronLeft} />
        </Link>
        <h1 className="grow">{t('common.map')}</h1>
        {data && data.placeless.length > 0 && (
          <Menu
            trigger={
              <Button small icon={Plus}>
                {t('map.placeless')}
              </Button>
            }
          >
            {data.placeless.map((room) => (
              <MenuItem key={room.id} icon={Plus} onSelect={() => void settle(room.id)}>
                {room.name}
              </MenuItem>
            ))}
          </Menu>
        )}
        {isOperator(me) && (
          <IconButton icon={MapPinned} label={t('map.districts')} onClick={() => setDistricts(true)} />
        )}
      </header>
      {!data && !map.error && <TalkSkeleton label={t('common.map')} />}
      {!data && map.error && (
        <EmptyState icon={CircleAlert} title={t('map.failed')}>
          <p>{sentenceOf(failureOf(map.error), language)}</p>
          <div className="row">
            <Button onClick={() => void map.refetch()}>{t('common.retry')}</Button>
          </div>
        </EmptyState>
      )}
      {places?.length === 0 && (
        <EmptyState title={t('map.empty')}>
          <p>{t('map.emptyHint')}</p>
        </EmptyState>
      )}
      {data && places && places.length > 0 && (
        <div className="plan">
          <div className="pan">
            <CityMap
              districts={data.districts}
              places={places}
              chosen={shown}
              moving={carried !== null}
              onChoose={(room) => {
                if (carried === null) setChosen(room)
              }}
              onMove={({ x, y }) => setCarried({ x: onPlane(x), y: onPlane(y) })}
            />
          </div>
          <Summary inCity={data.inCity} atWork={data.atWork} />
          {shown && (
            <PlaceCard
              place={shown}
              district={data.districts.find(({ id }) => id === shown.district)}
              moving={carried !== null}
              busy={place.isPending}
              onMove={() => setCarried({ x: shown.x, y: shown.y })}
              onPut={() => put(shown)}
              onCancel={() => setCarried(null)}
            />
          )}
        </div>
      )}
      {data && <Districts districts={data.districts} open={districts} onClose={() => setDistricts(false)} />}
    </main>
  )
}

function Summary({ inCity, atWork }: { inCity: number; atWork: number }) {
  const { t } = useTranslation()
  return (
    <div className="over sum">
      <div>
        <i className="lit" /> {t('map.inCity', { count: inCity })}
      </div>
      {atWork > 0 && (
        <div>
          <i className="lit copper" /> {t('map.atWork', { count: atWork })}
        </div>
      )}
      <div className="meta lg">{t('map.window')}</div>
    </div>
  )
}

const onPlane = (value: number): number => Math.max(0, Math.min(1000, value))

/** The district a point lies in. */
const districtAt = (districts: readonly District[], { x, y }: { x: number; y: number }) =>
  districts.find((one) => x >= one.x && x <= one.x + one.width && y >= one.y && y <= one.y + one.height)?.id
