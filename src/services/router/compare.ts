import { AppError } from '../../kernel/errors.ts'

export interface FieldDifference {
  readonly field: string
  readonly v1: string
  readonly v2: string
}

/** What came of asking one router. */
export type Outcome<T = unknown> = { readonly value: T } | { readonly failure: unknown }

/** Of ids and times nobody expects that they agree. */
const OWN = new Set(['run', 'router', 'id', 'at', 'created'])
const WORDS = new Set(['text', 'quote', 'message'])
const MAX_FIELDS = 40

/** Field by field, but for ids and times. Words are told of by length and likeness, never repeated. */
export function compare(v1: Outcome, v2: Outcome): FieldDifference[] {
  const found: FieldDifference[] = []
  walk('', shapeOf(v1), shapeOf(v2), found)
  return found.slice(0, MAX_FIELDS)
}

function shapeOf(outcome: Outcome): unknown {
  if ('value' in outcome) return outcome.value
  const { kind, code } = AppError.from(outcome.failure)
  return { ok: false, error: { kind, code } }
}

function walk(field: string, a: unknown, b: unknown, found: FieldDifference[]): void {
  if (Object.is(a, b)) return
  if (isRecord(a) && isRecord(b)) {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)]))
      if (!OWN.has(key)) walk(field === '' ? key : `${field}.${key}`, a[key], b[key], found)
    return
  }
  const name = field.split('.').at(-1) ?? ''
  if (!WORDS.has(name)) return void found.push({ field, v1: told(a), v2: told(b) })
  const likeness = Math.round(likenessOf(String(a ?? ''), String(b ?? '')) * 100)
  const length = (value: unknown) => `${String(value ?? '').length} characters, ${likeness} % alike`
  found.push({ field, v1: length(a), v2: length(b) })
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

const told = (value: unknown): string =>
  value === undefined ? '—' : (JSON.stringify(value) ?? '—').slice(0, 200)

/** The share of words that both have, of all that either has. */
function likenessOf(a: string, b: string): number {
  const words = (text: string) => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
  const [left, right] = [words(a), words(b)]
  const all = new Set([...left, ...right])
  if (all.size === 0) return 1
  return [...left].filter((word) => right.has(word)).length / all.size
}
