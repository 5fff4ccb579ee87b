import { SEEN } from '../../worker/caches.ts'
import { FIRST_PAGE, type RoomStore } from '../city/room-store.ts'

const KEEP_MS = 300

/** Keeps what a room's newest page holds as it changes, where the worker keeps what it fetched: so what came over the live line is readable without a line too. Ends with what it returns. */
export function keepSeen(room: string, store: RoomStore): () => void {
  const address = `/api/city/rooms/${encodeURIComponent(room)}/messages?limit=${FIRST_PAGE}`
  let kept: unknown = null
  let timer: ReturnType<typeof setTimeout> | null = null
  let over = false
  const keep = async () => {
    timer = null
    const { timeline, state } = store.state()
    if (state !== 'ready' || timeline.newer !== null || timeline.messages === kept) return
    kept = timeline.messages
    const items = timeline.messages.slice(-FIRST_PAGE)
    const next = items.length < timeline.messages.length ? items[0]?.seq : timeline.older
    const seen = await caches.open(SEEN)
    if (over) return
    await seen.put(address, Response.json({ items, ...(next !== null && { next }) }))
  }
  const changed = () => {
    // A browser that has no room keeps what it has; the next change tries again.
    timer ??= setTimeout(() => void keep().catch(() => undefined), KEEP_MS)
  }
  changed()
  const stop = store.subscribe(changed)
  return () => {
    over = true
    stop()
    if (timer !== null) clearTimeout(timer)
  }
}
