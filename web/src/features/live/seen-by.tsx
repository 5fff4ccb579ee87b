import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { Message } from '../../../../src/services/city/messages.contract.ts'
import type { Room } from '../../../../src/services/city/rooms.contract.ts'
import { useApi } from '../../context.tsx'
import { useCity } from '../city/city-context.tsx'
import { residentsQuery } from '../city/members.ts'

const NAMED = 2

type Receipts = readonly { readonly principal: string; readonly seq: number }[]

/** Who has read one's own last words, where they are the last; of those who let it be seen. */
export function SeenBy({ room, messages }: { room: Room; messages: readonly Message[] }) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const { me, onRead } = useCity()
  const last = messages.at(-1)
  const mine = last?.author.id === me.id
  const queryKey = ['receipts', room.id]
  const receipts = useQuery({
    queryKey,
    enabled: mine,
    queryFn: async (): Promise<Receipts> => (await api.city.receipts({ room: room.id })).items,
  })
  const residents = useQuery({ ...residentsQuery(api), enabled: mine })
  useEffect(
    () =>
      onRead((id, principal, seq) => {
        if (id !== room.id) return
        queries.setQueryData<Receipts>(
          ['receipts', id],
          (known) => known && [...known.filter((one) => one.principal !== principal), { principal, seq }],
        )
      }),
    [onRead, queries, room.id],
  )
  if (!mine) return null
  const readers = receipts.data?.filter(({ principal, seq }) => principal !== me.id && seq >= last.seq) ?? []
  const names = readers.flatMap(
    ({ principal }) => residents.data?.find(({ id }) => id === principal)?.name ?? [],
  )
  if (names.length === 0) return null
  const more = names.length - NAMED
  return (
    <p className="seen meta trim">
      {t('live.seenBy', { names: names.slice(0, NAMED).join(', ') })}
      {more > 0 && t('live.andMore', { count: more })}
    </p>
  )
}
