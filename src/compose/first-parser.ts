import { createCooldown, firstAble } from '../engines/fallback.ts'
import type { Parser } from '../engines/parser/parser.ts'
import type { Clock } from '../kernel/clock.ts'

/** The parsers as one: the first that is able opens the document. Where one breaks off, the next goes on with the pages that are missing. */
export function firstParser(parsers: readonly Parser[], clock: Clock): Parser {
  const [only] = parsers
  if (only && parsers.length === 1) return only
  const cooldown = createCooldown(clock)
  return {
    name: parsers.map(({ name }) => name).join(','),
    parse(document, options) {
      const seen = new Set<number>(options.skip)
      return firstAble(
        parsers,
        (parser) =>
          parser.parse(document, {
            ...options,
            skip: seen,
            async onPage(page, total) {
              seen.add(page.number)
              await options.onPage(page, total)
            },
          }),
        { cooldown },
      )
    },
  }
}
