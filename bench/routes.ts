import { builtTarget, load, median, type Row, type Slice } from './measure.ts'

const SLICE_MS = 1_500
const ROUNDS = 6

/** A hot API route beside node:http alone: each in a process of its own, in short slices by turns. */
export async function routes(): Promise<readonly Row[]> {
  await using ours = await builtTarget('ours.ts')
  await using raw = await builtTarget('raw.ts')
  await using validating = await builtTarget('raw.ts', 'validate')
  const body = JSON.stringify({ room: 'room_01jd7k00000000000000000000', seq: 41 })
  const slices = { ours: [] as Slice[], raw: [] as Slice[], validating: [] as Slice[] }
  for (let round = 0; round <= ROUNDS; round++)
    for (const [name, at] of Object.entries({ ours, raw, validating })) {
      const slice = await load(at, '/api/city/read', body, SLICE_MS)
      // The first round warms up.
      if (round > 0) slices[name as keyof typeof slices].push(slice)
    }
  return [
    row('node:http with the same validation', slices.ours, slices.validating, 0.85),
    row('node:http that validates nothing', slices.ours, slices.raw, null),
  ]
}

function row(peerName: string, ours: readonly Slice[], peer: readonly Slice[], goal: number | null): Row {
  const ratio = median(ours.map(({ perSecond }, i) => perSecond / (peer[i]?.perSecond ?? Number.NaN)))
  const show = (slices: readonly Slice[]) =>
    `${Math.round(median(slices.map((s) => s.perSecond)))}/s, ${Math.round(median(slices.map((s) => s.cpuMicroseconds)))} µs CPU`
  return {
    what: 'hot API route',
    ours: show(ours),
    peer: `${peerName}: ${show(peer)}`,
    ratio,
    goal: goal === null ? 'informs' : `≥ ${goal}`,
    met: goal === null || ratio >= goal,
  }
}
