/** What a key may be made for, in plain words, each with the patterns of rights that stand for it. */
export const PURPOSES = {
  read: ['city.*.read', 'knowledge.*.read', 'agents.*.read', 'auth.account.read', 'auth.resident.read'],
  say: ['city.message.*', 'city.file.*', 'city.reaction.*', 'city.mark.*', 'city.scheduled.*'],
  rooms: ['city.room.*', 'city.member.*', 'city.invitation.*', 'city.request.*'],
  ask: ['router.*.*', 'router-v2.*.*', 'llm-proxy.*.*', 'agents.*.*', 'multimodal-gateway.*.read'],
  run: ['auth.person.*', 'auth.invitation.*', 'auth.sign_up.*', 'auth.audit.read'],
  credentials: ['auth.credential.*'],
} as const satisfies Readonly<Record<string, readonly string[]>>
export type Purpose = keyof typeof PURPOSES
// The keys of PURPOSES are exactly Purpose; Object.keys forgets that.
export const PURPOSE_NAMES = Object.keys(PURPOSES) as Purpose[]

/** Purposes that a key's scopes hold whole, and the patterns that belong to none of these. */
export function purposesOf(scopes: readonly string[]): { purposes: Purpose[]; others: string[] } {
  const purposes = PURPOSE_NAMES.filter((name) => PURPOSES[name].every((scope) => scopes.includes(scope)))
  const told = new Set<string>(purposes.flatMap((name) => PURPOSES[name]))
  return { purposes, others: scopes.filter((scope) => !told.has(scope)) }
}

/** The patterns of some purposes, each once. */
export const scopesFor = (purposes: readonly Purpose[]): string[] => [
  ...new Set<string>(purposes.flatMap((name) => PURPOSES[name])),
]
