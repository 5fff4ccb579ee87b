import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { createTimings, type Timing, type Timings } from './timings.ts'

type Labels = Readonly<Record<string, string | number>>

/** One line of a counter, for a hot path: a plain addition; the registry hears of it when somebody looks. */
export interface Tally {
  inc(): void
}

/** Counts and times by name, in one registry of this process. The same name again is the same metric. */
export interface Metrics {
  counter(
    name: string,
    help: string,
    labels: readonly string[],
  ): { inc(labels?: Labels, by?: number): void; of(labels: Labels): Tally }
  gauge(
    name: string,
    help: string,
    labels: readonly string[],
  ): { inc(labels?: Labels): void; dec(labels?: Labels): void; set(labels: Labels, value: number): void }
  /** Seconds. */
  histogram(
    name: string,
    help: string,
    labels: readonly string[],
  ): { observe(labels: Labels, value: number): void; of(labels: Labels): Timing }
  /** A gauge that is read when somebody looks. */
  watch(name: string, help: string, labels: Labels, read: () => number): void
  /** The Prometheus text format. */
  render(): Promise<{ contentType: string; body: string }>
}

/** Seconds. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const flushes: (() => void)[] = []
  const timed = new Map<string, Timings>()
  const made = new Map<string, Counter | Gauge>()
  const once = <M extends Counter | Gauge>(name: string, make: () => M): M => {
    // A name is asked for with one kind only: prom-client would refuse a second registration.
    const metric = (made.get(name) as M | undefined) ?? make()
    made.set(name, metric)
    return metric
  }
  const base = (name: string, help: string, labels: readonly string[]) => ({
    name,
    help,
    labelNames: [...labels],
    registers: [registry],
  })
  return {
    counter(name, help, labels) {
      const metric = once(name, () => new Counter(base(name, help, labels)))
      return {
        inc: (values = {}, by = 1) => metric.inc({ ...values }, by),
        of(values) {
          let kept = 0
          flushes.push(() => {
            if (kept > 0) metric.inc({ ...values }, kept)
            kept = 0
          })
          return { inc: () => void kept++ }
        },
      }
    },
    gauge(name, help, labels) {
      const metric = once(name, () => new Gauge(base(name, help, labels)))
      return {
        inc: (values = {}) => metric.inc({ ...values }),
        dec: (values = {}) => metric.dec({ ...values }),
        set: (values, value) => metric.set({ ...values }, value),
      }
    },
    histogram(name, help) {
      const timings = timed.get(name) ?? createTimings(name, help, BUCKETS)
      timed.set(name, timings)
      return { of: timings.of, observe: (values, value) => timings.of(values).observe(value) }
    },
    watch(name, help, labels, read) {
      const metric = once(name, () => new Gauge(base(name, help, Object.keys(labels))))
      flushes.push(() => metric.set({ ...labels }, read()))
    },
    async render() {
      for (const flush of flushes) flush()
      const times = [...timed.values()].map((timings) => `\n${timings.render()}\n`)
      return { contentType: registry.contentType, body: [await registry.metrics(), ...times].join('') }
    },
  }
}
