import { isIP } from 'node:net'
import { isPublicAddress } from './addresses.ts'
import { fetchError } from './fetch.errors.ts'

/** What an address must be to be opened. */
export interface TargetRules {
  readonly ports: readonly number[]
  /** Origins of the operator's own configuration: these may lie anywhere. */
  readonly internal: ReadonlySet<string>
  readonly isPublic?: (address: string) => boolean
}

/** A checked address. `host` is a name, or an IP without brackets; `trusted` says that the operator named its origin. */
export interface Target {
  readonly url: URL
  readonly host: string
  readonly trusted: boolean
}

const MAX_URL = 4096
/** Names that never are on the public internet (RFC 6761, 6762, 7686, 8375, 9476, and the habits of networks). */
const PRIVATE_NAMES =
  /(?:^|\.)(?:localhost|localdomain|local|internal|intranet|private|corp|home|lan|home\.arpa|in-addr\.arpa|ip6\.arpa|onion|alt|test|invalid|example|svc|cluster\.local)$/

/** Reads an address as browsers do, so that every spelling of an IP becomes one, and refuses what may not be opened. What its name resolves to is checked when it is connected. */
export function checkTarget(text: string, base: URL | null, rules: TargetRules): Target {
  if (text.length > MAX_URL || /[\0-\x20\\]/.test(text) || !URL.canParse(text, base?.href))
    throw fetchError('fetch.url_invalid')
  const url = new URL(text, base?.href)
  url.hash = ''
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw fetchError('fetch.url_invalid')
  if (url.username !== '' || url.password !== '') throw fetchError('fetch.url_invalid')
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  if (rules.internal.has(url.origin)) return { url, host, trusted: true }
  const refused = fetchError('fetch.not_public', { host: shown(host) })
  if (isIP(host)) {
    if (!(rules.isPublic ?? isPublicAddress)(host)) throw refused
  } else if (!host.includes('.') || host.length > 253 || PRIVATE_NAMES.test(host)) throw refused
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  if (!rules.ports.includes(port)) throw fetchError('fetch.port_refused', { port })
  return { url, host, trusted: false }
}

const shown = (host: string): string => host.slice(0, 100)
