import { createHash, randomBytes } from 'node:crypto'
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'

type Provided<K extends 'clientInformation' | 'tokens'> = Awaited<ReturnType<OAuthClientProvider[K]>>

/** What OAuth leaves with the city for one server. */
export interface Grants {
  readonly client?: Provided<'clientInformation'>
  readonly tokens?: Provided<'tokens'>
  /** When the tokens were renewed last, in milliseconds. */
  readonly renewedAt?: number
  /** Of an authorisation under way: PKCE's other half. */
  readonly verifier?: string
}

export interface OAuthNeeds {
  /** Where the server's sign-in sends whoever agreed. */
  readonly redirectUrl: string
  load(): Promise<Grants>
  /** `awaited` is left as it is where nothing is said. */
  keep(grants: Grants, awaited?: string): Promise<void>
}

export interface OAuth {
  readonly provider: OAuthClientProvider
  /** Where somebody has to go to agree, once the SDK found that out. */
  asked(): string | null
}

/** Only its digest is kept, so that what lies in the database brings nobody in. */
export const stateDigest = (state: string): string => createHash('sha256').update(state).digest('base64url')

/** The city as a client of one server's OAuth: registered by itself (RFC 7591), with PKCE, its tokens renewed when they end. Nobody is sent anywhere: where somebody has to agree, `asked` tells the address. */
export function createOAuth({ redirectUrl, load, keep }: OAuthNeeds): OAuth {
  let asked: string | null = null
  const state = randomBytes(24).toString('base64url')
  return {
    asked: () => asked,
    provider: {
      redirectUrl,
      clientMetadata: {
        client_name: 'DAARION',
        redirect_uris: [redirectUrl],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
      },
      state: () => state,
      clientInformation: async () => (await load()).client,
      saveClientInformation: async (client) => keep({ ...(await load()), client }),
      tokens: async () => (await load()).tokens,
      async saveTokens(tokens) {
        const { verifier: _used, ...rest } = await load()
        await keep({ ...rest, tokens })
      },
      redirectToAuthorization(url) {
        asked = url.href
      },
      saveCodeVerifier: async (verifier) => keep({ ...(await load()), verifier }, stateDigest(state)),
      codeVerifier: async () => (await load()).verifier ?? '',
      async invalidateCredentials(scope) {
        const { client, tokens, verifier } = await load()
        await keep({
          ...(scope !== 'all' && scope !== 'client' && client && { client }),
          ...(scope !== 'all' && scope !== 'tokens' && tokens && { tokens }),
          ...(scope !== 'all' && scope !== 'verifier' && verifier !== undefined && { verifier }),
        })
      },
    },
  }
}
