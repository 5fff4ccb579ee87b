/** One line of a histogram, for a hot path. Seconds. */
export interface Timing {
  observe(value: number): void
}

/** A histogram's lines, kept as plain numbers: to count a time costs an addition to its bucket. */
export interface Timings {
  /** The same labels again are the same line. */
  of(labels: Readonly<Record<string, string | number>>): Timing
  /** As the Prometheus text format has it. */
  render(): string
}

interface Line {
  readonly labels: string
  /** One more than there are bounds: the last is for what is above them all. */
  readonly counts: Float64Array
  sum: number
}

/** `bounds` rise. A value on a bound belongs below it. */
export function createTimings(name: string, help: string, bounds: readonly number[]): Timings {
  const lines = new Map<string, Line>()
  const sampled = ({ labels, counts, sum }: Line): string[] => {
    let below = 0
    const buckets = [...bounds, '+Inf'].map((bound, i) => {
      below += counts[i] ?? 0
      const all = [`le="${bound}"`, ...(labels === '' ? [] : [labels])]
      return `${name}_bucket{${all.join(',')}} ${below}`
    })
    const own = labels === '' ? '' : `{${labels}}`
    return [...buckets, `${name}_sum${own} ${sum}`, `${name}_count${own} ${below}`]
  }
  return {
    of(values) {
      const labels = Object.entries(values)
        .map(([label, value]) => `${label}="${escaped(String(value))}"`)
        .join(',')
      const line = lines.get(labels) ?? { labels, counts: new Float64Array(bounds.length + 1), sum: 0 }
      lines.set(labels, line)
      return {
        observe(value) {
          let at = 0
          while (at < bounds.length && value > (bounds[at] ?? 0)) at++
          line.counts[at] = (line.counts[at] ?? 0) + 1
          line.sum += value
        },
      }
    },
    render: () =>
      [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`, ...[...lines.values()].flatMap(sampled)].join(
        '\n',
      ),
  }
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
