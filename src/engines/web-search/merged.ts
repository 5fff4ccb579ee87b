import { AppError } from '../../kernel/errors.ts'
import { engineError } from '../engine.errors.ts'
import { blend } from '../words/blend.ts'
import type { WebHit, WebSearch } from './web-search.ts'

/**
 * Several engines as one: all are asked at once, and what they name is put into one order by reciprocal ranks. An address that several name stands
 * once; after the first page of each site come the further ones. One that fails is left out, and the answer names those that gave it; where all fail,
 * the first one's failure is told.
 */
export function mergedSearch(engines: readonly WebSearch[]): WebSearch {
  return {
    name: engines.map(({ name }) => name).join('-'),
    paid: engines.flatMap(({ paid = [] }) => paid),
    async missing() {
      const lacks = await Promise.all(engines.map((engine) => engine.missing()))
      return lacks.every((lack) => lack !== null) ? (lacks[0] ?? engineError('engine.none')) : null
    },
    async search(query, options) {
      const asked = await Promise.allSettled(engines.map((engine) => engine.search(query, options)))
      const answers = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      if (answers.length === 0) {
        const [first] = asked
        throw first?.status === 'rejected' ? AppError.from(first.reason) : engineError('engine.none')
      }
      const hits = eachSiteFirst(byReciprocalRank(answers.map(({ hits }) => hits)))
      const gave = answers.filter(({ hits }) => hits.length > 0)
      return {
        engine: (gave.length > 0 ? gave : answers).map(({ engine }) => engine).join(', '),
        hits: hits.slice(0, options.limit),
      }
    },
  }
}

function byReciprocalRank(lists: readonly (readonly WebHit[])[]): WebHit[] {
  const pages = new Map<string, WebHit>()
  for (const hit of lists.flat()) {
    const address = addressOf(hit.url)
    const known = pages.get(address)
    // The longer excerpt says more.
    if (!known || known.text.length < hit.text.length) pages.set(address, hit)
  }
  const scores = blend(lists.map((list) => ({ ids: list.map(({ url }) => addressOf(url)), weight: 1 })))
  return [...pages].sort(([a], [b]) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0)).map(([, hit]) => hit)
}

function eachSiteFirst(hits: readonly WebHit[]): WebHit[] {
  const sites = new Set<string>()
  const firsts = hits.filter(({ url }) => {
    const host = new URL(url).host.replace(/^www\./, '')
    return !sites.has(host) && sites.add(host)
  })
  return [...firsts, ...hits.filter((hit) => !firsts.includes(hit))]
}

/** One page under the addresses by which engines name it. */
function addressOf(url: string): string {
  const { host, pathname, searchParams } = new URL(url)
  for (const name of [...searchParams.keys()])
    if (/^(?:utm_|fbclid$|gclid$)/.test(name)) searchParams.delete(name)
  searchParams.sort()
  return `${host.replace(/^www\./, '')}${pathname.replace(/\/$/, '')}?${searchParams}`
}
