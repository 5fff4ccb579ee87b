import { useMutation } from '@tanstack/react-query'
import type { Message, Part } from '../../../../../src/services/city/messages.contract.ts'
import { useApi } from '../../../context.tsx'
import { useTalk } from '../talk-context.tsx'

export interface PartViewProps {
  readonly message: Message
  readonly part: Part
  readonly index: number
}

/** Asks for a failed part to be tried once more. */
export function useRetryPart({ message, index }: PartViewProps) {
  const api = useApi()
  const talk = useTalk()
  return useMutation({
    mutationFn: () => api.city.retryPart({ room: message.room, message: message.id, index }),
    onSuccess: talk.put,
  })
}
