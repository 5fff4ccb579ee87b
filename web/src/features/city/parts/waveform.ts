import { useQuery } from '@tanstack/react-query'
import { useApi } from '../../../context.tsx'

/** The shape of a recording's sound, 0…1 a bar; null while unknown, or where the city cannot tell. */
export function useWaveform(file: string | undefined): readonly number[] | null {
  const api = useApi()
  const waveform = useQuery({
    queryKey: ['waveform', file],
    queryFn: async () => (await api.city.waveform({ file: file ?? '' })).bars.map((bar) => bar / 100),
    enabled: file !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  return waveform.data ?? null
}
