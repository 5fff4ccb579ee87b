import type { Clock } from './clock.ts'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** Makes ids such as `msg_01jd7k…`: a prefix, then 48 bits of time and 80 of chance in Crockford's base 32 (a lower-case ULID). They sort by creation, also within one millisecond. */
export interface Ids {
  make(prefix: string): string
}

export function createIds(clock: Clock, random: (bytes: Uint8Array) => void = fillRandom): Ids {
  let last = -1
  const entropy = new Uint8Array(10)
  return {
    make(prefix) {
      const now = clock.now()
      if (now > last) {
        last = now
        random(entropy)
      } else increment(entropy)
      return `${prefix}_${time(last)}${chance(entropy)}`
    },
  }
}

const fillRandom = (bytes: Uint8Array): void => {
  globalThis.crypto.getRandomValues(bytes)
}

function increment(entropy: Uint8Array): void {
  for (let i = entropy.length - 1; i >= 0; i--) {
    entropy[i] = ((entropy[i] ?? 0) + 1) & 255
    if (entropy[i] !== 0) return
  }
}

function time(ms: number): string {
  let text = ''
  for (let rest = ms, i = 0; i < 10; i++, rest = Math.floor(rest / 32))
    text = ALPHABET.charAt(rest % 32) + text
  return text
}

function chance(entropy: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of entropy) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET.charAt((held >> (bits - 5)) & 31)
    held &= (1 << bits) - 1
  }
  return text
}
