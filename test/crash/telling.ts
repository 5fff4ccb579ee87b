import type { ChaosResult } from './rounds.ts'

/** Whether nothing was lost and nothing stands twice. */
export const isSound = (result: ChaosResult): boolean =>
  [
    result.lost,
    result.twice,
    result.unanswered,
    result.answeredTwice,
    result.stuck,
    result.differences,
  ].every((list) => list.length === 0) && result.gapless

/** What a run did, in a few lines. */
export function telling({ rounds, landed, acts, servedMs, breaks, messages, failed }: ChaosResult): string {
  const kills = Object.entries(landed).filter(([, times]) => times > 0)
  const all = Object.entries(acts)
  return [
    `${rounds} rounds, ${all.reduce((sum, [, times]) => sum + times, 0)} acts acknowledged (${named(all)}); ${breaks} broken lines; ${messages} messages with agents; given up and said so: ${JSON.stringify(failed)}`,
    `kills in the middle of ${named(kills)}`,
    ...Object.entries(servedMs).map(([who, times]) => {
      const sorted = [...times].sort((a, b) => a - b)
      return `${who} killed: served again after ${sorted[sorted.length >> 1]} ms (median), ${sorted.at(-1)} ms at most`
    }),
  ].join('\n')
}

const named = (counts: readonly (readonly [string, number])[]): string =>
  counts.map(([what, times]) => `${what} ${times}`).join(', ')
