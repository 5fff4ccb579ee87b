/** The session's cookie: its name, how to find it in a request and how to write it. */
export interface SessionCookie {
  readonly name: string
  read(header: string | undefined): string | null
  /** A `Set-Cookie` value; `maxAgeSeconds` 0 removes it. */
  write(value: string, maxAgeSeconds: number): string
}

const NAME = 'daarion.session'

/** Whether a `Cookie` header has a session of ours in it, good or not. Other programs on the same host leave cookies too. */
export const carriesSession = (header: string | undefined): boolean =>
  header !== undefined && /(?:^|;\s*)(?:__Secure-)?daarion\.session=/.test(header)

/** Over https the cookie is Secure, and its name says so. */
export function sessionCookie(publicUrl: string): SessionCookie {
  const secure = publicUrl.startsWith('https:')
  const name = secure ? `__Secure-${NAME}` : NAME
  return {
    name,
    read(header) {
      const pair = header?.split(';').find((part) => part.trim().startsWith(`${name}=`))
      if (!pair) return null
      try {
        return decodeURIComponent(pair.slice(pair.indexOf('=') + 1).trim()) || null
      } catch {
        return null
      }
    },
    write: (value, maxAgeSeconds) =>
      `${name}=${encodeURIComponent(value)}; Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`,
  }
}
