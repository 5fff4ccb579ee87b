const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether a page of this origin may act with the city's cookies: the public address, the host the request itself came to, and, for a city on this machine, any name of this machine. Where the city is public over https, a plain http page is refused, this machine's own excepted. `null` and what is no origin are refused. */
export function originAllowed(origin: string, publicUrl: string, host: string | undefined): boolean {
  const from = parse(origin)
  const city = parse(publicUrl)
  if (!from || from.origin !== origin.toLowerCase()) return false
  if (from.protocol !== 'http:' && from.protocol !== 'https:') return false
  if (from.origin === city?.origin) return true
  const here = LOOPBACK.has(from.hostname)
  if (city?.protocol === 'https:' && from.protocol !== 'https:' && !here) return false
  const own = host === undefined ? undefined : parse(`${from.protocol}//${host}`)
  if (own && own.host === from.host) return true
  return (
    here && [city, own].some((other) => other && LOOPBACK.has(other.hostname) && port(other) === port(from))
  )
}

function parse(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined
}

const port = (url: URL): string => url.port || (url.protocol === 'https:' ? '443' : '80')
