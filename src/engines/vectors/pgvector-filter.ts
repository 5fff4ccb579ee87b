import { type RawBuilder, sql } from 'kysely'
import { checkedFilter } from './checked.ts'
import type { Condition, Filter } from './vectors.ts'

/** Values that the index of payloads is asked for one by one; more are looked up in a hash. */
const BY_INDEX = 16

/** A filter over the column `payload`, true where nothing is asked. */
export function filterSql(filter: Filter | undefined): RawBuilder<boolean> {
  const { all, any, none } = checkedFilter(filter)
  const parts = [
    ...all.map(conditionSql),
    ...(any.length > 0 ? [sql<boolean>`(${sql.join(any.map(conditionSql), sql` or `)})`] : []),
    ...none.map((one) => sql<boolean>`not coalesce(${conditionSql(one)}, false)`),
  ]
  return parts.length === 0 ? sql<boolean>`true` : sql<boolean>`(${sql.join(parts, sql` and `)})`
}

export const isEmptyFilter = (filter: Filter | undefined): boolean =>
  !filter || [filter.all, filter.any, filter.none].every((list) => !list || list.length === 0)

function conditionSql(condition: Condition): RawBuilder<boolean> {
  const { field } = condition
  if (!('in' in condition)) {
    const { from, to } = condition
    const bounds = [from !== undefined && '@ >= $from', to !== undefined && '@ <= $to'].filter(Boolean)
    const path = `$[*] ? (@.type() == "number"${bounds.map((bound) => ` && ${bound}`).join('')})`
    return sql<boolean>`jsonb_path_exists(payload -> ${sql.lit(field)}, ${sql.lit(path)}::jsonpath, ${JSON.stringify({ from, to })}::text::jsonb)`
  }
  const values = condition.in
  const words = values.filter((value) => typeof value === 'string')
  if (words.length === values.length && values.length > BY_INDEX) {
    const held = sql`payload -> ${sql.lit(field)}`
    return sql<boolean>`(case jsonb_typeof(${held}) when 'string' then payload ->> ${sql.lit(field)} = any(${words}::text[]) when 'array' then ${held} ?| ${words}::text[] else false end)`
  }
  const holds = values.flatMap((value) => [
    JSON.stringify({ [field]: value }),
    JSON.stringify({ [field]: [value] }),
  ])
  return sql<boolean>`payload @> any(${holds}::text[]::jsonb[])`
}
