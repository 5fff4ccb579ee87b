/** Why passkeys cannot be used at this address, and the address where they can; null where nothing is in the way. */
export interface Hindrance {
  readonly why: 'needsDomain' | 'needsSecure' | 'needsBrowser'
  readonly link?: string
}

interface Place {
  readonly hostname: string
  readonly protocol: string
  readonly port: string
}

/** Judged by the address and the browser alone; the city judges again. */
export function hindranceOf({ hostname, protocol, port }: Place, known: boolean): Hindrance | null {
  const link = `${protocol}//localhost${port ? `:${port}` : ''}/account/security`
  if (isAddress(hostname)) return { why: 'needsDomain', link }
  const secure = protocol === 'https:' || hostname === 'localhost' || hostname.endsWith('.localhost')
  if (!secure) return { why: 'needsSecure', link }
  return known ? null : { why: 'needsBrowser' }
}

export const hindrance = (): Hindrance | null =>
  hindranceOf(location, typeof window.PublicKeyCredential === 'function')

/** The library that speaks with authenticators, read when it is first needed. */
export const authenticator = () => import('@simplewebauthn/browser')

/** Whether a host is a number rather than a name: IPv4, or IPv6 in its brackets. */
const isAddress = (hostname: string): boolean =>
  /^\d{1,3}(?:\.\d{1,3}){3}$/.test(hostname) || hostname.startsWith('[')
