/** Turns a stream of samples at one rate into another, without folding what lies above the new one's half back into it. */
export interface Resampler {
  /** The samples that are ready; the rest waits for what comes next. */
  push(samples: Float32Array): Float32Array
  /** What was still waiting. */
  flush(): Float32Array
}

/** Zero crossings of the sinc on each side: stop band about 90 dB down with the Blackman window. */
const CROSSINGS = 16
/** The pass band ends a little below half the lower rate, so that the roll-off is over by then. */
const ROLL_OFF = 0.94

/**
 * A windowed-sinc low-pass evaluated at the new rate's instants (polyphase: one row of coefficients for each position between two old
 * samples). Rates are whole numbers; equal rates pass through.
 */
export function createResampler(fromRate: number, toRate: number): Resampler {
  if (fromRate === toRate) return { push: (samples) => samples, flush: () => new Float32Array(0) }
  const divisor = gcd(fromRate, toRate)
  const [steps, phases] = [fromRate / divisor, toRate / divisor]
  const half = Math.ceil(CROSSINGS * Math.max(1, fromRate / toRate))
  const rows = lowPass(phases, half, Math.min(1, toRate / fromRate) * ROLL_OFF)
  let held: Float32Array<ArrayBufferLike> = new Float32Array(half)
  /** Position of the next output, in whole old samples (an index into `held`) and phases. */
  let at = half
  let phase = 0

  const push = (samples: Float32Array): Float32Array => {
    held = concat(held, samples)
    const ready = Math.max(0, Math.ceil(((held.length - half - at) * phases - phase) / steps))
    const out = new Float32Array(ready)
    for (let n = 0; n < ready; n++) {
      const row = phase * 2 * half
      let sum = 0
      const first = at - half + 1
      for (let k = 0; k < 2 * half; k++) sum += (held[first + k] ?? 0) * (rows[row + k] ?? 0)
      out[n] = sum
      phase += steps
      at += Math.floor(phase / phases)
      phase %= phases
    }
    const keepFrom = Math.max(0, Math.min(at - half, held.length))
    held = held.slice(keepFrom)
    at -= keepFrom
    return out
  }
  return { push, flush: () => push(new Float32Array(half)) }
}

/** Row p, tap k: the filter at the distance between an output p/phases past an old sample and the old sample k - half + 1 from it. */
function lowPass(phases: number, half: number, cutoff: number): Float32Array {
  const rows = new Float32Array(phases * 2 * half)
  for (let p = 0; p < phases; p++) {
    let sum = 0
    for (let k = 0; k < 2 * half; k++) {
      const distance = k - half + 1 - p / phases
      const value = sinc(distance * cutoff) * blackman(distance / half)
      rows[p * 2 * half + k] = value
      sum += value
    }
    for (let k = 0; k < 2 * half; k++) rows[p * 2 * half + k] = (rows[p * 2 * half + k] ?? 0) / sum
  }
  return rows
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x))

const blackman = (x: number): number =>
  Math.abs(x) >= 1 ? 0 : 0.42 + 0.5 * Math.cos(Math.PI * x) + 0.08 * Math.cos(2 * Math.PI * x)

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b))

function concat(a: Float32Array, b: Float32Array): Float32Array {
  const whole = new Float32Array(a.length + b.length)
  whole.set(a)
  whole.set(b, a.length)
  return whole
}
