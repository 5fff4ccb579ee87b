import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

type Labels = Readonly<Record<string, string | number>>

/** One line of a counter, for a hot path: a plain addition; the registry hears of it when somebody looks. */
export interface Tally {
  inc(): void
}
/** One line of a histogram, for a hot path. Seconds. */
export interface Timing {
  observe(value: number): void
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

/** Times of a hot path that are kept before the registry hears of them. */
const KEPT_TIMES = 256
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]

export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const flushes: (() => void)[] = []
  const made = new Map<string, Counter | Gauge | Histogram>()
  const once = <M extends Counter | Gauge | Histogram>(name: string, make: () => M): M => {
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
    histogram(name, help, labels) {
      const metric = once(name, () => new Histogram({ ...base(name, help, labels), buckets: BUCKETS }))
      return {
        observe: (values, value) => metric.observe({ ...values }, value),
        of(values) {
          const times = new Float64Array(KEPT_TIMES)
          const labels = { ...values }
          let kept = 0
          const flush = () => {
            for (let i = 0; i < kept; i++) metric.observe(labels, times[i] ?? 0)
            kept = 0
          }
          flushes.push(flush)
          return {
            observe(value) {
              times[kept++] = value
              if (kept === KEPT_TIMES) flush()
            },
          }
        },
      }
    },
    watch(name, help, labels, read) {
      const metric = once(name, () => new Gauge(base(name, help, Object.keys(labels))))
      flushes.push(() => metric.set({ ...labels }, read()))
    },
    async render() {
      for (const flush of flushes) flush()
      return { contentType: registry.contentType, body: await registry.metrics() }
    },
  }
}
