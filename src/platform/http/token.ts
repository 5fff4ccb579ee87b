import { jwtVerify, SignJWT } from 'jose'
import { Principal } from '../../kernel/principal.ts'
import type { Secret } from '../../kernel/secret.ts'
import { httpError } from './http.errors.ts'

const LIFETIME = '60s'
const AUDIENCE = 'daarion'

/** A service speaking, and for whom. */
export interface ServiceVoice {
  readonly service: string
  readonly principal: Principal | null
}

/** Signs and reads the short-lived tokens with which services call each other: HS256 over the city's secret, 60 s, carrying the asker. */
export function createServiceTokens(secret: Secret) {
  const key = new TextEncoder().encode(secret.reveal())
  return {
    sign: ({ service, principal }: ServiceVoice): Promise<string> =>
      new SignJWT({ principal })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(service)
        .setAudience(AUDIENCE)
        .setIssuedAt()
        .setExpirationTime(LIFETIME)
        .sign(key),

    /** Rejects with `auth.bad_credential`. */
    async read(token: string): Promise<ServiceVoice> {
      try {
        const { payload } = await jwtVerify(token, key, { audience: AUDIENCE, algorithms: ['HS256'] })
        return { service: payload.iss ?? '', principal: Principal.nullable().parse(payload.principal) }
      } catch (cause) {
        throw httpError('auth.bad_credential', {}, { cause })
      }
    },
  }
}
export type ServiceTokens = ReturnType<typeof createServiceTokens>
