import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from 'react'
import type { Me } from '../../../../src/services/auth/door.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { type City, createCity, ROOMS } from './city.ts'
import type { Line } from './live.ts'
import type { Outgoing } from './outbox.ts'

const CityContext = createContext<City | null>(null)
const MOST_ROOMS = 200
const REFRESH_MS = 60_000

/** Opens the resident's live line and outbox for the pages inside, and closes them with the pages. */
export function CityProvider({ me, children }: { me: Me; children: ReactNode }) {
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [city, setCity] = useState<City | null>(null)
  useEffect(() => {
    const signedOut = () => {
      queries.setQueryData(['me'], null)
      void navigate({ to: '/sign-in', search: { to: location.pathname + location.search } })
    }
    const opened = createCity({ api, me, queries, signedOut })
    setCity(opened)
    return () => opened.close()
  }, [api, me, queries, navigate])
  return city && <CityContext value={city}>{children}</CityContext>
}

export function useCity(): City {
  const city = useContext(CityContext)
  if (!city) throw new Error('useCity outside of CityProvider')
  return city
}

/** The rooms this resident may enter, kept up by the live line; refreshed once a minute for rooms that are new. */
export function useRooms() {
  const api = useApi()
  const city = useCity()
  const rooms = useQuery({
    queryKey: ROOMS,
    queryFn: async (): Promise<Room[]> => (await api.city.rooms({ limit: MOST_ROOMS })).items,
    refetchInterval: REFRESH_MS,
  })
  useEffect(() => {
    if (rooms.data) city.follow(rooms.data)
  }, [city, rooms.data])
  return rooms
}

export function useLine(): Line {
  const city = useCity()
  return useSyncExternalStore(city.onLine, city.line)
}

export function useOutgoing(): readonly Outgoing[] {
  const { outbox } = useCity()
  return useSyncExternalStore(outbox.subscribe, outbox.entries)
}
