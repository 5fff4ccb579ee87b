import { Navigate } from '@tanstack/react-router'
import { useRooms } from './city-context.tsx'

/** Leads whoever comes back to the feed where something waits there, else to the room that was open last in this browser, else to the square; a phone starts with the list. */
export function HomePage() {
  const rooms = useRooms()
  const phone = matchMedia('(max-width: 760px)').matches
  if (phone || rooms.isError) return <Navigate to="/rooms" replace />
  if (!rooms.data) return <main className="main" id="talk" />
  const last = lastRoom()
  const waits = rooms.data.some(({ unread, mentions, notify }) =>
    notify === 'all' ? unread > 0 : notify === 'mentions' && mentions > 0,
  )
  if (last !== null && waits) return <Navigate to="/feed" replace />
  const room =
    rooms.data.find(({ slug }) => slug === last) ??
    rooms.data.find(({ slug }) => slug === 'square') ??
    rooms.data[0]
  if (!room) return <Navigate to="/rooms" replace />
  return <Navigate to="/rooms/$room" params={{ room: room.slug }} replace />
}

function lastRoom(): string | null {
  try {
    return localStorage.getItem('last-room')
  } catch {
    return null
  }
}
