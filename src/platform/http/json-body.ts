import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import { httpError } from './http.errors.ts'

/** No request of ours, and no tool's schema, goes this deep; deeper values overflow whoever walks them. */
const MAX_DEPTH = 100
/** Objects and lists in one body: each takes far more memory than its two brackets. */
const MAX_BRACKETS = 200_000

/** Takes JSON alone as a body: in UTF-8, of bounded depth and number of values, without names that change prototypes. */
export function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    if (!isUtf8(body)) return done(httpError('http.not_utf8'))
    const brackets = countBrackets(body)
    if (brackets > MAX_BRACKETS) return done(httpError('http.too_nested'))
    void parse(request, body.toString('utf8'), (error, value) => {
      if (error) return done(error)
      if (brackets > MAX_DEPTH && isDeeper(value, MAX_DEPTH)) return done(httpError('http.too_nested'))
      done(null, value)
    })
  })
}

/** Opening brackets, also those inside of texts, until there are too many. */
function countBrackets(body: Buffer): number {
  let count = 0
  for (const bracket of ['{', '[']) {
    let at = body.indexOf(bracket)
    while (at >= 0 && count <= MAX_BRACKETS) {
      count++
      at = body.indexOf(bracket, at + 1)
    }
  }
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
