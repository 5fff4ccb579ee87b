import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import { httpError } from './http.errors.ts'

/** No request of ours, and no tool's schema, goes this deep; deeper values overflow whoever walks them. */
const MAX_DEPTH = 100
/** Objects and lists in one body: each takes far more memory than its two brackets. */
const MAX_BRACKETS = 200_000
const CURLY = 0x7b
const SQUARE = 0x5b

/** Makes a value of a body's bytes, or says why it is none. */
export type ReadJson = (body: Buffer, done: (error: Error | null, value?: unknown) => void) => void

/** Takes JSON alone as a body: in UTF-8, of bounded depth and number of values, without names that change prototypes. What it gives reads a body in the same way. */
export function acceptJson(app: FastifyInstance): ReadJson {
  const read = createJsonReader(app)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
    read(body, done),
  )
  return read
}

/** The same for routes that need the bytes as well. */
export function createJsonReader(app: FastifyInstance): ReadJson {
  const parse = app.getDefaultJsonParser('error', 'error')
  return (body, done) => {
    const text = body.toString('utf8')
    // Stands in a decoded text for bytes that are none, or where it was written itself.
    if (text.includes('\uFFFD') && !isUtf8(body)) return done(httpError('http.not_utf8'))
    // Each level takes a byte at least.
    const brackets = body.length > MAX_DEPTH ? countBrackets(body) : 0
    if (brackets > MAX_BRACKETS) return done(httpError('http.too_nested'))
    if (brackets <= MAX_DEPTH && !mayNamePrototypes(text)) {
      const value = parsed(text)
      if (value !== undefined) return done(null, value)
    }
    // The parser looks at nothing of the request.
    void parse(undefined as never, text, (error, value) => {
      if (error) return done(error)
      if (brackets > MAX_DEPTH && isDeeper(value, MAX_DEPTH)) return done(httpError('http.too_nested'))
      done(null, value)
    })
  }
}

/** Whether the careful parser must look: the names it refuses, also where their letters are written as escapes. */
const mayNamePrototypes = (text: string): boolean =>
  text.includes('\\u') || text.includes('__proto__') || text.includes('constructor')

/** Nothing where it is no JSON: the careful parser says why. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Opening brackets, also those inside of texts. */
function countBrackets(body: Buffer): number {
  let count = 0
  for (let at = 0; at < body.length; at++) if (body[at] === CURLY || body[at] === SQUARE) count++
  return count
}

function isDeeper(value: unknown, limit: number): boolean {
  let level: unknown[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limit) return true
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []))
  }
  return false
}
