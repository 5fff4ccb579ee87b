import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { Notify, Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { useToast } from '../../ui/toast.tsx'
import { ROOMS } from '../city/city.ts'

/** Puts a changed room in its place of the list, and of its own page. */
export function usePutRoom(): (room: Room) => void {
  const queries = useQueryClient()
  return (room) => {
    queries.setQueryData<Room[]>(ROOMS, (rooms) => rooms?.map((one) => (one.id === room.id ? room : one)))
    queries.setQueryData(['room', room.slug], room)
  }
}

/** What the reader keeps about a room for themselves. */
export function usePrefer(room: Room) {
  const api = useApi()
  const put = usePutRoom()
  const language = useLanguage()
  const say = useToast()
  return useMutation({
    mutationFn: (wish: { favourite?: boolean; notify?: Notify }) =>
      api.city.preferRoom({ room: room.id, ...wish }),
    onSuccess: put,
    onError: (cause) => say({ text: sentenceOf(failureOf(cause), language) }),
  })
}
