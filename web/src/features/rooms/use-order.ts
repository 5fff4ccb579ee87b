import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { useToast } from '../../ui/toast.tsx'
import { ROOMS } from '../city/city.ts'
import { groupsOf, movedTo } from './order.ts'

/** Gives a room another place in its group, at once here and then in the city; says where it stands, or takes it back. */
export function useMoveRoom(): (room: Room, place: number) => void {
  const api = useApi()
  const queries = useQueryClient()
  const { t } = useTranslation()
  const language = useLanguage()
  const say = useToast()
  const save = useMutation({
    mutationFn: (rooms: string[]) => api.city.orderRooms({ rooms }),
    onError: (cause) => {
      say({ text: sentenceOf(failureOf(cause), language) })
      void queries.invalidateQueries({ queryKey: ROOMS })
    },
  })
  return (room, place) => {
    const rooms = queries.getQueryData<Room[]>(ROOMS) ?? []
    const order = movedTo(rooms, room.id, place)
    const placed = rooms.map((one) => ({ ...one, position: order.indexOf(one.id) }))
    queries.setQueryData<Room[]>(ROOMS, placed)
    const group = groupsOf(placed).find((one) => one.rooms.some(({ id }) => id === room.id))
    const n = (group?.rooms.findIndex(({ id }) => id === room.id) ?? 0) + 1
    say({ text: t('rooms.moved', { room: room.name, n, total: group?.rooms.length ?? 1 }) })
    save.mutate(order)
  }
}
