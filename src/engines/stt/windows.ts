/** A stretch of sound, in seconds from the start. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Seconds in one frame of voice activity: 512 samples at 16 kHz. */
export const FRAME_S = 512 / 16_000

const STARTS_AT = 0.5
const ENDS_BELOW = 0.35
/** A pause shorter than this belongs to the speech around it. */
const PAUSE_S = 0.3
/** A single click is no word. */
const SHORTEST_S = 0.09
/** Soft beginnings and endings fall under the threshold. */
const MARGIN_S = 0.25

/** Where somebody speaks, from the probability of speech in each frame; in order, apart from each other. */
export function speechSpans(probabilities: Float32Array): Span[] {
  const spans: Span[] = []
  let start = -1
  let last = -1
  const close = () => {
    if (start >= 0 && (last - start + 1) * FRAME_S >= SHORTEST_S)
      spans.push({ start: start * FRAME_S, end: (last + 1) * FRAME_S })
    start = -1
  }
  probabilities.forEach((probability, frame) => {
    if (start < 0 ? probability >= STARTS_AT : probability >= ENDS_BELOW) {
      if (start < 0) start = frame
      last = frame
    } else if (start >= 0 && (frame - last) * FRAME_S >= PAUSE_S) close()
  })
  close()
  return spans
}

/**
 * The stretches a model hears one at a time: whole spans of speech, as many as fit into `longest` seconds, cut at pauses. Speech without a
 * pause for longer than that is cut where speech was least likely, in the last third of what fits.
 */
export function windowsOf(spans: readonly Span[], probabilities: Float32Array, longest: number): Span[] {
  const total = probabilities.length * FRAME_S
  const windows: Span[] = []
  for (const span of spans.flatMap((one) => divided(one, probabilities, longest - 2 * MARGIN_S))) {
    const start = Math.max(0, span.start - MARGIN_S)
    const end = Math.min(total, span.end + MARGIN_S)
    const open = windows.at(-1)
    if (open && end - open.start <= longest) windows[windows.length - 1] = { start: open.start, end }
    else windows.push({ start: Math.max(start, open?.end ?? 0), end })
  }
  return windows
}

function divided(span: Span, probabilities: Float32Array, longest: number): Span[] {
  const pieces: Span[] = []
  let start = span.start
  while (span.end - start > longest) {
    const from = Math.floor((start + (longest * 2) / 3) / FRAME_S)
    const to = Math.floor((start + longest) / FRAME_S)
    let cut = to
    for (let frame = from; frame < to; frame++)
      if ((probabilities[frame] ?? 1) < (probabilities[cut] ?? 1)) cut = frame
    pieces.push({ start, end: cut * FRAME_S })
    start = cut * FRAME_S
  }
  pieces.push({ start, end: span.end })
  return pieces
}
