/** What a browser calls itself, in words a person knows. */
export interface Device {
  readonly browser: string | null
  readonly system: string | null
  readonly phone: boolean
}

// The order matters: most browsers also call themselves by the names of those they follow.
const BROWSERS = [
  ['Edge', /Edg(?:e|A|iOS)?\//],
  ['Opera', /OPR\/|Opera/],
  ['Samsung Internet', /SamsungBrowser/],
  ['Firefox', /Firefox\/|FxiOS/],
  ['Chrome', /Chrom(?:e|ium)\/|CriOS/],
  ['Safari', /Safari\//],
  ['curl', /^curl\//],
] as const
const SYSTEMS = [
  ['Android', /Android/],
  ['iPhone', /iPhone/],
  ['iPad', /iPad/],
  ['Windows', /Windows/],
  ['macOS', /Mac OS X|Macintosh/],
  ['ChromeOS', /CrOS/],
  ['Linux', /Linux|X11/],
] as const

/** Reads a `User-Agent`. It is what the browser says of itself, and proves nothing. */
export function deviceOf(userAgent: string | null): Device {
  const first = (names: readonly (readonly [string, RegExp])[]) =>
    names.find(([, pattern]) => pattern.test(userAgent ?? ''))?.[0] ?? null
  return {
    browser: first(BROWSERS),
    system: first(SYSTEMS),
    phone: /Mobile|iPhone|Android/.test(userAgent ?? ''),
  }
}
