import { useNavigate, useParams } from '@tanstack/react-router'
import { useEffect } from 'react'
import { groupsOf } from '../rooms/order.ts'
import { useRooms } from './city-context.tsx'

/** Alt with an arrow leads to the room above or below, in the order of the sidebar. */
export function RoomKeys() {
  const { data } = useRooms()
  const navigate = useNavigate()
  const { room: here } = useParams({ strict: false })
  useEffect(() => {
    const rooms = groupsOf(data ?? []).flatMap((group) => group.rooms)
    const press = (event: KeyboardEvent) => {
      const way = { ArrowUp: -1, ArrowDown: 1 }[event.key]
      if (!event.altKey || event.shiftKey || way === undefined || rooms.length === 0) return
      event.preventDefault()
      const at = rooms.findIndex(({ slug, id }) => slug === here || id === here)
      const next = rooms[(Math.max(at, way < 0 ? 0 : -1) + way + rooms.length) % rooms.length]
      if (next) void navigate({ to: '/rooms/$room', params: { room: next.slug } })
    }
    window.addEventListener('keydown', press)
    return () => window.removeEventListener('keydown', press)
  }, [data, here, navigate])
  return null
}
