import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useApi } from '../../context.tsx'
import { failureOf, sentenceOf } from '../../i18n/failures.ts'
import { useLanguage } from '../../i18n/format.ts'
import { useToast } from '../../ui/toast.tsx'
import { ROOMS } from '../city/city.ts'

/** Opens the talk with these people, and goes there. */
export function useTalk() {
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const language = useLanguage()
  const say = useToast()
  return useMutation({
    mutationFn: (people: string[]) => api.city.openTalk({ people }),
    onSuccess: async (room) => {
      await queries.invalidateQueries({ queryKey: ROOMS })
      await navigate({ to: '/rooms/$room', params: { room: room.slug } })
    },
    onError: (cause) => say({ text: sentenceOf(failureOf(cause), language) }),
  })
}
