import { z } from 'zod'
import type { Operation } from './contract.ts'

interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly anyOf?: readonly JsonSchema[]
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
}

/** An input before its schema judged it. */
export type Raw = Readonly<Record<string, unknown>>
const SHAPE = { io: 'input', unrepresentable: 'any' } as const

/** Writes an input into a query string: arrays repeat their key, absent values are left out. */
export function encodeQuery(input: Raw): string {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(input))
    for (const item of Array.isArray(value) ? value : [value])
      if (item !== undefined && item !== null) query.append(key, String(item))
  return query.toString()
}

/** Reads an operation's query string back into the types its input schema names; what does not fit is left for the schema to refuse. */
export function queryDecoder(op: Operation): (raw: Raw) => Record<string, unknown> {
  let schemas: JsonSchema['properties']
  return (raw) => {
    // z.toJSONSchema returns a JSON Schema document; only the members named above are read.
    schemas ??= (z.toJSONSchema(op.input, SHAPE) as JsonSchema).properties ?? {}
    const decoded: Record<string, unknown> = {}
    for (const [key, value] of Object.entries(raw)) {
      const schema = schemas[key]
      decoded[key] = schema ? decode(schema, value) : value
    }
    return decoded
  }
}

function decode(schema: JsonSchema, value: unknown): unknown {
  const types = [schema, ...(schema.anyOf ?? [])].flatMap((s) => s.type ?? [])
  if (types.includes('array')) {
    const items = Array.isArray(value) ? value : [value]
    return items.map((item) => (schema.items ? decode(schema.items, item) : item))
  }
  if (typeof value !== 'string') return value
  if (types.includes('boolean') && (value === 'true' || value === 'false')) return value === 'true'
  const numeric = types.includes('number') || types.includes('integer')
  return numeric && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value
}
