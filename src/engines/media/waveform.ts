import { decodeAudio, SAMPLE_RATE } from '../audio/decode.ts'
import { WAVEFORM_BARS } from './media.ts'

/** See `Media.waveform`. Runs in a child only. Throws as `decodeAudio` does. */
export async function waveformOf(bytes: Uint8Array, maxSeconds: number): Promise<number[]> {
  const { pcm } = await decodeAudio(bytes, { maxSeconds })
  const loudest = Array.from({ length: WAVEFORM_BARS }, (_, bar) => {
    const begin = Math.floor((pcm.length * bar) / WAVEFORM_BARS)
    return loudestOf(pcm, begin, Math.max(begin + 1, Math.floor((pcm.length * (bar + 1)) / WAVEFORM_BARS)))
  })
  const top = Math.max(...loudest, QUIET)
  return loudest.map((peak) => Math.round((100 * peak) / top))
}

/** Silence is drawn flat, not blown up. */
const QUIET = 0.01
/** Looked at in an hour of sound, about; enough to find every word. */
const LOOKS = 16 * SAMPLE_RATE

function loudestOf(pcm: Float32Array, begin: number, end: number): number {
  const step = Math.max(1, Math.floor(((end - begin) * WAVEFORM_BARS) / LOOKS))
  let most = 0
  for (let at = begin; at < end; at += step) most = Math.max(most, Math.abs(pcm[at] ?? 0))
  return most
}
