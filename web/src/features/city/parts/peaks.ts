import { useQuery } from '@tanstack/react-query'

/** Larger recordings are not fetched only to draw them. */
const MOST_BYTES = 1024 * 1024
const BARS = 60

export interface Peaks {
  /** The loudest sample of each sixtieth, 0…1 of the loudest of all. */
  readonly bars: readonly number[]
  readonly durationMs: number
}

/** The shape of a small recording, as the browser decodes it; null while unknown, or where it cannot. */
export function usePeaks(src: string, sizeBytes: number, blob?: Blob): Peaks | null {
  const peaks = useQuery({
    queryKey: ['peaks', src],
    queryFn: async () => decode(await (blob ? blob.arrayBuffer() : fetchBytes(src))),
    enabled: sizeBytes <= MOST_BYTES,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  })
  return peaks.data ?? null
}

async function fetchBytes(src: string): Promise<ArrayBuffer> {
  const response = await fetch(src)
  if (!response.ok) throw new Error(`the recording answered ${response.status}`)
  return response.arrayBuffer()
}

async function decode(bytes: ArrayBuffer): Promise<Peaks> {
  const context = new OfflineAudioContext(1, 1, 16_000)
  const sound = await context.decodeAudioData(bytes)
  return { bars: bars(sound.getChannelData(0)), durationMs: sound.duration * 1000 }
}

/** The loudest sample of each of sixty equal stretches, measured against the loudest of all. */
export function bars(samples: Float32Array, count = BARS): number[] {
  const width = Math.max(1, Math.floor(samples.length / count))
  const loudest = Array.from({ length: count }, (_, bar) => {
    let most = 0
    for (const sample of samples.subarray(bar * width, (bar + 1) * width))
      most = Math.max(most, Math.abs(sample))
    return most
  })
  const top = Math.max(...loudest, 0.01)
  return loudest.map((peak) => peak / top)
}
