/** One thing that can be chosen; `words` are what it is found by. */
export interface Item {
  readonly id: string
  readonly group: 'go' | 'act'
  readonly kind: 'room' | 'person' | 'agent' | 'action'
  readonly words: string
}

const MOST = 8

/** What of these fits what was typed: `>` asks for actions only, `@` for people and agents. Beginnings of words come before their middles; every word typed must be found. */
export function fitting<T extends Item>(items: readonly T[], typed: string): T[] {
  const only = typed.startsWith('>') ? 'action' : typed.startsWith('@') ? 'people' : null
  const asked = typed.replace(/^[>@]/, '').toLowerCase().split(/\s+/).filter(Boolean)
  const allowed = items.filter(
    ({ kind }) =>
      only === null || (only === 'action' ? kind === 'action' : kind === 'person' || kind === 'agent'),
  )
  const ranked = allowed
    .map((item) => ({ item, rank: rankOf(item.words.toLowerCase(), asked) }))
    .filter(({ rank }) => rank < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
  const of = (group: Item['group']) => ranked.filter((item) => item.group === group).slice(0, MOST)
  return [...of('go'), ...of('act')]
}

function rankOf(words: string, asked: readonly string[]): number {
  let rank = 0
  for (const word of asked) {
    const at = words.indexOf(word)
    if (at < 0) return Number.POSITIVE_INFINITY
    rank += at === 0 ? 0 : /\s/.test(words.charAt(at - 1)) ? 1 : 2
  }
  return rank
}
