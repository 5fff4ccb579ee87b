import type { Clock } from './clock.ts'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** Makes ids such as `msg_01jd7k…`: a prefix, then 48 bits of time and 80 of chance in Crockford's base 32 (a lower-case ULID). They sort by creation, also within one millisecond. */
export interface Ids {
  make(prefix: string): string
}

type RandomFill = (bytes: Uint8Array<ArrayBuffer>) => unknown

export function createIds(clock: Clock, random: RandomFill = (bytes) => crypto.getRandomValues(bytes)): Ids {
  let last = -1
  const digits = new Uint8Array(16)
  return {
    make(prefix) {
      const now = clock.now()
      if (now > last) {
        last = now
        random(digits)
        for (let i = 0; i < digits.length; i++) digits[i] = (digits[i] ?? 0) & 31
      } else increment(digits)
      return `${prefix}_${time(last)}${Array.from(digits, (digit) => ALPHABET.charAt(digit)).join('')}`
    },
  }
}

function increment(digits: Uint8Array): void {
  for (let i = digits.length - 1; i >= 0; i--) {
    digits[i] = ((digits[i] ?? 0) + 1) & 31
    if (digits[i] !== 0) return
  }
}

function time(ms: number): string {
  let text = ''
  for (let rest = ms, i = 0; i < 10; i++, rest = Math.floor(rest / 32))
    text = ALPHABET.charAt(rest % 32) + text
  return text
}
